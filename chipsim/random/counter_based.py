"""Counter-based random numbers: a pure function of (key, counter), so no thread, chunk or order can change them.

Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011), and what turns its words into
uniform numbers and logarithms of them: with a polynomial instead of the C library, so that every machine computes the
same bits and loops over neurons vectorise. Gaussians: `chipsim.random.normals`.
"""

from __future__ import annotations

import numpy as np

from chipsim.simd import inlined_in_python, outlined

_LOW = np.uint64(0xFFFFFFFF)
_SHIFT = np.uint64(32)
_MULTIPLY_A = np.uint64(0xD2511F53)
_MULTIPLY_B = np.uint64(0xCD9E8D57)
_WEYL_A = np.uint64(0x9E3779B9)
_WEYL_B = np.uint64(0xBB67AE85)


@outlined
def _round(c0, c1, c2, c3, k0, k1):
    a = _MULTIPLY_A * c0
    b = _MULTIPLY_B * c2
    k0_next, k1_next = (k0 + _WEYL_A) & _LOW, (k1 + _WEYL_B) & _LOW
    return (b >> _SHIFT) ^ c1 ^ k0, b & _LOW, (a >> _SHIFT) ^ c3 ^ k1, a & _LOW, k0_next, k1_next


@inlined_in_python
def philox(c0, c1, c2, c3, k0, k1):
    """Four 32-bit random words from a counter of four and a key of two 32-bit words (all held in uint64).

    The ten rounds stand one by one: as a loop they keep the loop over neurons from vectorising (nine times slower).
    """
    c0, c1, c2, c3, k0, k1 = _round(c0, c1, c2, c3, k0, k1)
    c0, c1, c2, c3, k0, k1 = _round(c0, c1, c2, c3, k0, k1)
    c0, c1, c2, c3, k0, k1 = _round(c0, c1, c2, c3, k0, k1)
    c0, c1, c2, c3, k0, k1 = _round(c0, c1, c2, c3, k0, k1)
    c0, c1, c2, c3, k0, k1 = _round(c0, c1, c2, c3, k0, k1)
    c0, c1, c2, c3, k0, k1 = _round(c0, c1, c2, c3, k0, k1)
    c0, c1, c2, c3, k0, k1 = _round(c0, c1, c2, c3, k0, k1)
    c0, c1, c2, c3, k0, k1 = _round(c0, c1, c2, c3, k0, k1)
    c0, c1, c2, c3, k0, k1 = _round(c0, c1, c2, c3, k0, k1)
    c0, c1, c2, c3, k0, k1 = _round(c0, c1, c2, c3, k0, k1)
    return c0, c1, c2, c3


@outlined
def words_of_four_steps(words, key, window, layer, quarter, first_neuron):
    """Fill words (4, n) uint32: row s holds step 4 quarter + s of neurons first_neuron .. first_neuron + n - 1.

    key: two 32-bit words in uint64 (see `streams.stream_key`); window: number of the sample's presentation, up to
    2^48. A word depends on (key, window, layer, step, neuron) alone.
    """
    low = np.uint64(window) & _LOW
    high = ((np.uint64(window) >> _SHIFT) << np.uint64(16)) | np.uint64(layer)
    step = np.uint64(quarter)
    k0, k1 = key
    row0, row1, row2, row3 = words[0], words[1], words[2], words[3]
    for n in range(len(row0)):
        w0, w1, w2, w3 = philox(np.uint64(first_neuron + n), step, low, high, k0, k1)
        row0[n] = np.uint32(w0)
        row1[n] = np.uint32(w1)
        row2[n] = np.uint32(w2)
        row3[n] = np.uint32(w3)


@outlined
def word_of_step(key, window, layer, step, neuron):
    """The word of one step, from 0, of one neuron: as `words_of_four_steps` has it."""
    low = np.uint64(window) & _LOW
    high = ((np.uint64(window) >> _SHIFT) << np.uint64(16)) | np.uint64(layer)
    w0, w1, w2, w3 = philox(np.uint64(neuron), np.uint64(step) // np.uint64(4), low, high, key[0], key[1])
    at = np.uint64(step) % np.uint64(4)
    if at < np.uint64(2):
        return np.uint32(w0 if at == np.uint64(0) else w1)
    return np.uint32(w2 if at == np.uint64(2) else w3)


@outlined
def uniform(word):
    """A float32 uniform on [0, 1) from a 32-bit word; its 24 highest bits count."""
    return np.float32(np.int32(word >> np.uint32(8))) * _TWO_TO_MINUS_24


_TWO_TO_MINUS_24 = np.float32(2.0**-24)
_ONE = np.float32(1)
_HALF = np.float32(0.5)
_MANTISSA = np.int32(0x007FFFFF)
_HALF_BITS = np.int32(0x3F000000)  # the float32 0.5
SQRT_HALF = np.float32(0.70710678)
LN_2 = np.float32(0.69314718)
# ln(1 + x) = x - x^2/2 + x^3 P(x), minimax on [sqrt(1/2) - 1, sqrt(2) - 1], highest power first (relative error 2e-7)
LN = tuple(
    np.float32(c)
    for c in (
        7.0376836292e-2,
        -1.1514610310e-1,
        1.1676998740e-1,
        -1.2420140846e-1,
        1.4249322787e-1,
        -1.6668057665e-1,
        2.0000714765e-1,
        -2.4999993993e-1,
        3.3333331174e-1,
    )
)
_L0, _L1, _L2, _L3, _L4, _L5, _L6, _L7, _L8 = LN


@outlined
def natural_log(x):
    """ln(x) of a positive, normal float32, from arithmetic alone (no library call, no branch)."""
    bits = np.float32(x).view(np.int32)
    exponent = np.float32((bits >> np.int32(23)) - np.int32(126))
    mantissa = np.int32((bits & _MANTISSA) | _HALF_BITS).view(np.float32)  # [0.5, 1)
    small = mantissa < SQRT_HALF
    exponent = exponent - _ONE if small else exponent
    x = mantissa + mantissa - _ONE if small else mantissa - _ONE
    p = _L0
    p = p * x + _L1
    p = p * x + _L2
    p = p * x + _L3
    p = p * x + _L4
    p = p * x + _L5
    p = p * x + _L6
    p = p * x + _L7
    p = p * x + _L8
    square = x * x
    return (x * (square * p) - _HALF * square) + x + exponent * LN_2
