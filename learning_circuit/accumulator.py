"""Counters of spikes and of target charge: they saturate, they never wrap."""

from __future__ import annotations

import numpy as np

from learning_circuit.number import N


def full_scale(bits: int) -> np.float32:
    """The largest value an accumulator of `bits` bits holds, in counts."""
    return np.float32(2**bits - 1)


def accumulated(value: N, increment: N, full: N) -> N:
    """C[t] = C[t-1] + increment, at most `full`; all in counts (exact for whole counts below 2^24)."""
    total = value + increment
    chosen: N = (total > full).where(total.broadcast_like(full), total)
    return chosen


def counted_with_misses(count: N, spiked: N, before_miss: N, full: N) -> tuple[N, N, N]:
    """`accumulated`, but for the spike that comes when before_miss is 0: counts, what is left before the next such one
    (-1 after a miss), and which spikes are missed.
    """
    seen = (before_miss > 0).where(spiked, 0.0)
    return accumulated(count, seen, full), before_miss - spiked, seen.not_equal(spiked)
