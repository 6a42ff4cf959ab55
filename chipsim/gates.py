"""The two gates between a neuron's error and its synapses, with this die's references (Eqs. 8, 9 and 11)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba.core import types
from numba.extending import intrinsic

from chipsim.jit import inlined_stage, stage
from learning_circuit.accumulator import accumulated
from learning_circuit.boxcar import boxcar, inside_boxcar
from learning_circuit.error_gate import error_gate, gated_error
from learning_circuit.lanes import repeated, sequences
from learning_circuit.masks import population
from learning_circuit.rows import LANES


@inlined_stage
def error_of(target_count, count, circuit, per_step, i):
    """What the error gate of column i lets through at this moment."""
    difference = (target_count[i] - count[i]) + circuit.comparator_offset[i]
    return error_gate(difference, per_step, circuit.slope, circuit.pulse, circuit.dead_zone)


@inlined_stage
def passes(membrane, circuit, i):
    """Whether the boxcar gate of column i is open at this moment."""
    return boxcar(membrane[i], circuit.boxcar_low[i], circuit.boxcar_high[i])


@intrinsic
def _gate_sixteen(
    context,
    start,
    pulse,
    target_count,
    target,
    count,
    membrane,
    comparator_offset,
    boxcar_low,
    boxcar_high,
    full,
    slope,
    pulse_size,
    dead_zone,
    rate,
    per_step,
):
    """`gate` for sixteen columns: returns which are open, as bits."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        start = values[0]
        pulses, target_counts, *rest = sequences(context, builder, signature.args[1:9], values[1:9])
        target, count, membrane, comparator_offset, low, high = (each.sixteen(start) for each in rest)
        full, slope, pulse_size, dead_zone, rate, per_step = (repeated(builder, value) for value in values[9:])
        wanted = accumulated(target_counts.sixteen(start), target, full)
        error = gated_error((wanted - count) + comparator_offset, per_step, slope, pulse_size, dead_zone)
        passed = inside_boxcar(membrane, low, high).where(rate * error, 0.0)
        target_counts.store(start, wanted)
        pulses.store(start, passed)
        return passed.differs(0).bits()

    arrays = (pulse, target_count, target, count, membrane, comparator_offset, boxcar_low, boxcar_high)
    return types.uint16(types.uint64, *arrays, *[types.float32] * 6), generate


@stage
def gate(pulse, target_count, target, count, membrane, circuit, rate, per_step):
    """Pulses of all columns for this step, all arrays (n,) float32, n a multiple of LANES.

    Returns how many columns are open.
    """
    n_open = np.int64(0)
    for start in range(np.uint64(0), np.uint64(len(pulse)), np.uint64(LANES)):
        bits = _gate_sixteen(
            start,
            pulse,
            target_count,
            target,
            count,
            membrane,
            circuit.comparator_offset,
            circuit.boxcar_low,
            circuit.boxcar_high,
            circuit.accumulator_full,
            circuit.slope,
            circuit.pulse,
            circuit.dead_zone,
            rate,
            per_step,
        )
        n_open += np.int64(population(bits))
    return n_open
