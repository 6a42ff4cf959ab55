"""The two gates between a neuron's error and its synapses, with this die's references (Eqs. 8, 9 and 11)."""

from __future__ import annotations

from chipsim.jit import inlined_stage
from learning_circuit.boxcar import boxcar
from learning_circuit.error_gate import error_gate


@inlined_stage
def error_of(target_count, count, circuit, per_step, i):
    """What the error gate of column i lets through at this moment."""
    difference = (target_count[i] - count[i]) + circuit.comparator_offset[i]
    return error_gate(difference, per_step, circuit.slope, circuit.pulse, circuit.dead_zone)


@inlined_stage
def passes(membrane, circuit, i):
    """Whether the boxcar gate of column i is open at this moment."""
    return boxcar(membrane[i], circuit.boxcar_low[i], circuit.boxcar_high[i])
