"""Accumulators of a block of columns: `learning_circuit.accumulator` for one counter, and for sixteen at once."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types
from numba.extending import intrinsic

from chipsim.simd import LANES, Lanes, inlined, population, repeated, sequences
from learning_circuit import accumulated, counted_with_misses


@intrinsic
def _accumulate(context, value, increment, full):
    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return accumulated(*(Lanes(builder, value) for value in values)).value

    return types.float32(*[types.float32] * 3), generate


@inlined
def accumulate(value, increment, full):
    """`accumulated` for one counter, all float32."""
    return _accumulate(value, increment, full)


@intrinsic
def _accumulate_sixteen(context, start, count, spiked, before_miss, full):
    """`accumulate_with_misses` for sixteen counters: returns which of them miss a spike, as bits."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        start = values[0]
        counts, spikes, before = sequences(context, builder, signature.args[1:4], values[1:4])
        full = repeated(builder, values[4])
        count, left, missed = counted_with_misses(counts.load(start), spikes.load(start), before.load(start), full)
        before.store(start, left)
        counts.store(start, count)
        return missed.bits()

    return types.uint16(types.uint64, count, spiked, before_miss, types.float32), generate


@inlined
def accumulate_with_misses(count, spiked, before_miss, full):
    """Count spikes, but not the one that comes when `before_miss` is zero. Returns how many are missed.

    count: (n,) float32, written, n a multiple of LANES; spiked: (n,) float32, 0 or 1; before_miss: (n,) float32,
    spikes that are counted before the next missed one, written, -1 after a miss.
    """
    lost = np.int64(0)
    for start in range(np.uint64(0), np.uint64(len(count)), np.uint64(LANES)):
        lost += np.int64(population(_accumulate_sixteen(start, count, spiked, before_miss, full)))
    return lost
