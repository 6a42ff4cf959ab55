"""Counters of spikes and of target charge: they saturate, they never wrap."""

from __future__ import annotations

import numpy as np

from learning_circuit.jit import stage


def full_scale(bits: int) -> np.float32:
    """The largest value an accumulator of `bits` bits holds, in counts."""
    return np.float32(2**bits - 1)


@stage
def accumulate(value, increment, full):
    """C[t] = C[t-1] + increment, at most `full`; all in counts, float32 (exact for whole counts below 2^24)."""
    total = value + increment
    return full if total > full else total
