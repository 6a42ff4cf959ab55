"""The two gates between a neuron's error and its synapses, with this die's references (Eqs. 8, 9 and 11)."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import types
from numba.extending import intrinsic

from chipsim.layout import CircuitTables
from chipsim.simd import LANES, Lanes, inlined, inlined_in_python, load, members, population, repeated, sequences
from learning_circuit import accumulated, gated_error, gated_pulse, inside_boxcar


@intrinsic
def _error_gate(context, difference, per_step, slope, step_size, dead_zone):
    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return gated_error(*(Lanes(builder, value) for value in values)).value

    return types.float32(*[types.float32] * 5), generate


@inlined
def error_gate(difference, per_step, slope, step_size, dead_zone):
    """`gated_error` of one neuron, all float32."""
    return _error_gate(difference, per_step, slope, step_size, dead_zone)


@intrinsic
def _boxcar(context, membrane, low_edge, high_edge):
    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return inside_boxcar(*(Lanes(builder, value) for value in values)).value

    return types.boolean(*[types.float32] * 3), generate


@inlined
def boxcar(membrane, low_edge, high_edge):
    """`inside_boxcar` for one neuron, all float32."""
    return _boxcar(membrane, low_edge, high_edge)


@inlined_in_python
def error_of(target_count, count, circuit, per_step, i):
    """What the error gate of column i lets through at this moment."""
    difference = (target_count[i] - count[i]) + circuit.comparator_offset[i]
    return error_gate(difference, per_step, circuit.slope, circuit.step_size, circuit.dead_zone)


@inlined_in_python
def passes(membrane, circuit, i):
    """Whether the boxcar gate of column i is open at this moment."""
    return boxcar(membrane[i], circuit.boxcar_low[i], circuit.boxcar_high[i])


class Gates(NamedTuple):
    """Tables and constants of sixteen neighbouring columns."""

    comparator_offset: Lanes
    boxcar_low: Lanes
    boxcar_high: Lanes
    slope: Lanes
    step_size: Lanes
    dead_zone: Lanes


def gates(context: Any, builder: Any, circuit: CircuitTables, place: Any) -> Gates:
    """Of the columns from `place` on. circuit: of (kind, value), see `chipsim.simd.members`."""
    arrays = (circuit.comparator_offset, circuit.boxcar_low, circuit.boxcar_high)
    numbers = (circuit.slope, circuit.step_size, circuit.dead_zone)
    return Gates(
        *(load(context, builder, array, place) for array in arrays), *(repeated(builder, x) for _, x in numbers)
    )


@intrinsic
def _gate_sixteen(context, start, pulse, target_count, target, count, membrane, circuit, rate, per_step):
    """`gate` for sixteen columns: returns which are open, as bits."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        kinds, start = signature.args, values[0]
        pulses, target_counts, *rest = sequences(context, builder, kinds[1:6], values[1:6])
        target, count, membrane = (each.load(start) for each in rest)
        circuit = members(builder, kinds[6], values[6])
        rate, per_step = (repeated(builder, value) for value in values[7:])
        full = repeated(builder, circuit.accumulator_full[1])
        wanted = accumulated(target_counts.load(start), target, full)
        passed = gated_pulse(gates(context, builder, circuit, start), wanted, count, membrane, rate, per_step)
        target_counts.store(start, wanted)
        pulses.store(start, passed)
        return passed.not_equal(0).bits()

    arrays = (pulse, target_count, target, count, membrane)
    return types.uint16(types.uint64, *arrays, circuit, types.float32, types.float32), generate


@inlined
def gate(pulse, target_count, target, count, membrane, circuit, rate, per_step):
    """Pulses of all columns for this step, all arrays (n,) float32, n a multiple of LANES.

    Returns how many columns are open.
    """
    n_open = np.int64(0)
    for start in range(np.uint64(0), np.uint64(len(pulse)), np.uint64(LANES)):
        bits = _gate_sixteen(start, pulse, target_count, target, count, membrane, circuit, rate, per_step)
        n_open += np.int64(population(bits))
    return n_open
