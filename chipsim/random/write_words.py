"""Noise of writes: a standard normal number per write, a function of (die, window, layer, step, row, column) alone.

A window may draw tens of thousands, each into a synapse of its own, so they are cheaper than those of a membrane:
Philox gives every column of a window two words, and a few multiplications mix them with the number of the row and of
the step (the mixing steps are those of Wellons' lowbias32 hash, public domain; a bijection, so that no two writes of a
column in a window meet). The four bytes of the mixed word are summed, which is nearly normal (a discrete Irwin-Hall
distribution of 1021 values), and an odd polynomial bends the sum to the normal distribution: to 1.5e-3 in the
distribution function, nearly all of it half the size of one step, and to 1 % in the tails up to 4 sigma; none exceeds
5.2.

The formulas are plain operators, for arrays of uint32 as well as for generated code.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from chipsim.random.counter_based import philox
from chipsim.simd import outlined

_LOW = np.uint64(0xFFFFFFFF)
STEP_BITS = 12  # a window has at most 4096 steps, a layer 2^20 rows
_BYTES = 0x00FF00FF
_SUMS = 4 * 255  # of four bytes, 0 to this
_SIGMA = np.sqrt(4 * (256**2 - 1) / 12)  # of the sum
# Odd polynomial from (sum - mean) / sigma to the normal quantile of the sum's probability: least squares weighted with
# that probability, scaled to variance 1.
_BENT = (9.62292231e-1, 9.40497735e-3, 1.71453665e-3, -3.46646302e-4, 3.71116987e-5)


def mixed(place: Any, word_a: Any, word_b: Any) -> Any:
    """A random uint32 from a place (row << STEP_BITS | step) and the two words of a column, all uint32."""
    x = place + word_a
    x = x ^ (x >> 16)
    x = x * 0x7FEB352D
    x = x ^ (x >> 15)
    x = x ^ word_b
    x = x * 0x846CA68B
    return x ^ (x >> 16)


def normal(word: Any) -> Any:
    """A float32, N(0, 1), from a random uint32."""
    pairs = (word & _BYTES) + ((word >> 8) & _BYTES)
    total = (pairs & 0xFFFF) + (pairs >> 16)
    x = (total.astype(np.float32) - _SUMS / 2) * float(np.float32(1 / _SIGMA))
    square = x * x
    c1, c3, c5, c7, c9 = (float(np.float32(c)) for c in _BENT)
    return x * ((((square * c9 + c7) * square + c5) * square + c3) * square + c1)


@outlined
def words_of_columns(words, key, window, layer, first_column):
    """Fill words (2, n) uint32 with those of columns first_column .. first_column + n - 1.

    key: two 32-bit words in uint64 (see `streams.stream_key`); window: number of the sample's presentation, up to
    2^48.
    """
    low = np.uint64(window) & _LOW
    high = ((np.uint64(window) >> np.uint64(32)) << np.uint64(16)) | np.uint64(layer)
    k0, k1 = key
    first, second = words[0], words[1]
    for n in range(len(first)):
        w0, w1, _, _ = philox(np.uint64(first_column + n), np.uint64(0), low, high, k0, k1)
        first[n] = np.uint32(w0)
        second[n] = np.uint32(w1)
