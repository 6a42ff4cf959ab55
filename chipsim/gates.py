"""The two gates between a neuron's error and its synapses, with this die's references (Eqs. 8, 9 and 11)."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba.core import types
from numba.extending import intrinsic

from chipsim.jit import inlined_stage, stage
from chipsim.tables import CircuitTables
from chipsim.vector_neurons import members, sixteen
from learning_circuit.accumulator import accumulated
from learning_circuit.boxcar import boxcar, inside_boxcar
from learning_circuit.error_gate import error_gate, gated_error
from learning_circuit.lanes import Lanes, repeated, sequences
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


class Gates(NamedTuple):
    """Tables and constants of sixteen neighbouring columns."""

    comparator_offset: Lanes
    boxcar_low: Lanes
    boxcar_high: Lanes
    slope: Lanes
    pulse: Lanes
    dead_zone: Lanes


def gates(context: Any, builder: Any, circuit: CircuitTables, place: Any) -> Gates:
    """Of the columns from `place` on. circuit: of (kind, value), see `chipsim.vector_neurons.members`."""
    arrays = (circuit.comparator_offset, circuit.boxcar_low, circuit.boxcar_high)
    numbers = (circuit.slope, circuit.pulse, circuit.dead_zone)
    return Gates(
        *(sixteen(context, builder, array, place) for array in arrays), *(repeated(builder, x) for _, x in numbers)
    )


def gated_pulse(own: Gates, target_count: Lanes, count: Lanes, membrane: Lanes, rate: Lanes, per_step: Lanes) -> Lanes:
    """eta * gate * box of Eq. 10: the pulse that both gates let through, or 0."""
    difference = (target_count - count) + own.comparator_offset
    error = gated_error(difference, per_step, own.slope, own.pulse, own.dead_zone)
    return inside_boxcar(membrane, own.boxcar_low, own.boxcar_high).where(rate * error, 0.0)


@intrinsic
def _gate_sixteen(context, start, pulse, target_count, target, count, membrane, circuit, rate, per_step):
    """`gate` for sixteen columns: returns which are open, as bits."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        kinds, start = signature.args, values[0]
        pulses, target_counts, *rest = sequences(context, builder, kinds[1:6], values[1:6])
        target, count, membrane = (each.sixteen(start) for each in rest)
        circuit = members(builder, kinds[6], values[6])
        rate, per_step = (repeated(builder, value) for value in values[7:])
        full = repeated(builder, circuit.accumulator_full[1])
        wanted = accumulated(target_counts.sixteen(start), target, full)
        passed = gated_pulse(gates(context, builder, circuit, start), wanted, count, membrane, rate, per_step)
        target_counts.store(start, wanted)
        pulses.store(start, passed)
        return passed.differs(0).bits()

    arrays = (pulse, target_count, target, count, membrane)
    return types.uint16(types.uint64, *arrays, circuit, types.float32, types.float32), generate


@stage
def gate(pulse, target_count, target, count, membrane, circuit, rate, per_step):
    """Pulses of all columns for this step, all arrays (n,) float32, n a multiple of LANES.

    Returns how many columns are open.
    """
    n_open = np.int64(0)
    for start in range(np.uint64(0), np.uint64(len(pulse)), np.uint64(LANES)):
        bits = _gate_sixteen(start, pulse, target_count, target, count, membrane, circuit, rate, per_step)
        n_open += np.int64(population(bits))
    return n_open
