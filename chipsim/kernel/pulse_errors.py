"""Update unit of a real circuit: pulses of unequal size, up unlike down, never twice the same, into real devices.

Only columns whose pulse is not zero are touched, and only in the rows that spiked. Ideal analog synapses are written by
the step itself and pay for nothing of this.

A pulse that the gate asks for becomes, in this order: times `up` or `down` of its column, times `gain` of its synapse.
Few-bit weights collect that, times 1 + cycle sigma z, in their update accumulators. What an analog device makes of it
is in `write_devices`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types
from numba.extending import intrinsic

from chipsim.simd import LANES, inlined, nonzero, sequences, store_chosen

_ZERO = np.float32(0)


@inlined
def open_columns(columns, numbers, pulse):
    """List the columns whose pulse is not zero, ascending. Returns how many. No branch depends on a pulse.

    columns: (n + LANES,) int32, written from the front, what follows is spoilt; numbers: (n,) int32, 0 and up; pulse:
    (n,) float32; n is a multiple of LANES.
    """
    k = np.uint64(0)
    for start in range(np.uint64(0), np.uint64(len(pulse)), np.uint64(LANES)):
        k = store_chosen(columns, k, numbers, start, nonzero(pulse, start))
    return np.int64(k)


@inlined
def open_vectors(vectors, pulse):
    """List where the sixteens begin that have a column whose pulse is not zero, ascending. Returns how many.

    vectors: (n / LANES,) uint64, written from the front; pulse: (n,) float32.
    """
    k = np.uint64(0)
    for start in range(np.uint64(0), np.uint64(len(pulse)), np.uint64(LANES)):
        if nonzero(pulse, start) != 0:
            vectors[k] = start
            k += np.uint64(1)
    return k


@inlined
def opened_pulses(opened, pulse, tables):
    """Pulses of all columns, `up` or `down` included: opened, pulse (n,) float32, the first written."""
    for c in range(np.uint64(len(pulse))):
        opened[c] = pulse[c] * (tables.up[c] if pulse[c] > _ZERO else tables.down[c])


@inlined
def turned_pulse(pulse, column, tables):
    """What `opened_pulses` makes of a pulse in rows that carry less than 0: one up lowers their weights."""
    return pulse * (tables.down[column] if pulse > _ZERO else tables.up[column])


@inlined
def turned_pulses(turned, pulse, tables):
    """As `opened_pulses`, for rows that carry less than 0."""
    for c in range(np.uint64(len(pulse))):
        turned[c] = turned_pulse(pulse[c], c, tables)


@inlined
def row_pulses(pulses, opened, row, tables, vectors):
    """Pulses that reach the synapses of one row: pulses, opened (n,), the first written in these `vectors` alone."""
    gains = tables.gain[row if len(tables.gain) > 1 else 0]
    for start in vectors:
        _multiply(pulses, opened, gains, start)


@intrinsic
def _multiply(context, products, one, other, start):
    """Sixteen products."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        to, first, second = sequences(context, builder, signature.args[:3], values[:3])
        to.store(values[3], first.load(values[3]) * second.load(values[3]))
        return context.get_dummy_value()

    return types.void(products, one, other, types.uint64), generate
