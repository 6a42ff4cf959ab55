"""Counters of spikes and of target charge: they saturate, they never wrap."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba.core import types
from numba.extending import intrinsic

from learning_circuit.jit import stage
from learning_circuit.lanes import Lanes

_ZERO = np.float32(0)


def full_scale(bits: int) -> np.float32:
    """The largest value an accumulator of `bits` bits holds, in counts."""
    return np.float32(2**bits - 1)


def accumulated(value: Lanes, increment: Lanes, full: Lanes) -> Lanes:
    """C[t] = C[t-1] + increment, at most `full`; all in counts (exact for whole counts below 2^24)."""
    total = value + increment
    return (total > full).where(total.like(full), total)


@intrinsic
def _accumulate(context, value, increment, full):
    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return accumulated(*(Lanes(builder, value) for value in values)).value

    return types.float32(*[types.float32] * 3), generate


@stage
def accumulate(value, increment, full):
    """`accumulated` for one counter, all float32."""
    return _accumulate(value, increment, full)


@stage
def accumulate_with_misses(count, spiked, before_miss, full):
    """Count spikes, but not the one that comes when `before_miss` is zero. Returns how many are missed.

    count: (n,) float32, written; spiked: (n,) float32, 0 or 1; before_miss: (n,) float32, spikes that are counted
    before the next missed one, written, -1 after a miss.
    """
    lost = np.int32(0)
    for i in range(len(count)):
        seen = spiked[i] if before_miss[i] > _ZERO else _ZERO
        before_miss[i] -= spiked[i]
        lost += np.int32(seen != spiked[i])
        count[i] = accumulate(count[i], seen, full)
    return np.int64(lost)
