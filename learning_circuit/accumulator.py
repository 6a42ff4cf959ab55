"""Counters of spikes and of target charge: they saturate, they never wrap."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba.core import types
from numba.extending import intrinsic

from learning_circuit.jit import stage
from learning_circuit.lanes import Lanes, repeated, sequences
from learning_circuit.masks import population
from learning_circuit.rows import LANES


def full_scale(bits: int) -> np.float32:
    """The largest value an accumulator of `bits` bits holds, in counts."""
    return np.float32(2**bits - 1)


def accumulated(value: Lanes, increment: Lanes, full: Lanes) -> Lanes:
    """C[t] = C[t-1] + increment, at most `full`; all in counts (exact for whole counts below 2^24)."""
    total = value + increment
    return (total > full).where(total.like(full), total)


def counted_with_misses(count: Lanes, spiked: Lanes, before_miss: Lanes, full: Lanes) -> tuple[Lanes, Lanes, Lanes]:
    """`accumulated`, but for the spike that comes when before_miss is 0: counts, what is left before the next such one
    (-1 after a miss), and which spikes are missed.
    """
    seen = (before_miss > 0).where(spiked, 0.0)
    return accumulated(count, seen, full), before_miss - spiked, seen.differs(spiked)


@intrinsic
def _accumulate(context, value, increment, full):
    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return accumulated(*(Lanes(builder, value) for value in values)).value

    return types.float32(*[types.float32] * 3), generate


@stage
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
        count, left, missed = counted_with_misses(
            counts.sixteen(start), spikes.sixteen(start), before.sixteen(start), full
        )
        before.store(start, left)
        counts.store(start, count)
        return missed.bits()

    return types.uint16(types.uint64, count, spiked, before_miss, types.float32), generate


@stage
def accumulate_with_misses(count, spiked, before_miss, full):
    """Count spikes, but not the one that comes when `before_miss` is zero. Returns how many are missed.

    count: (n,) float32, written, n a multiple of LANES; spiked: (n,) float32, 0 or 1; before_miss: (n,) float32,
    spikes that are counted before the next missed one, written, -1 after a miss.
    """
    lost = np.int64(0)
    for start in range(np.uint64(0), np.uint64(len(count)), np.uint64(LANES)):
        lost += np.int64(population(_accumulate_sixteen(start, count, spiked, before_miss, full)))
    return lost
