"""Counter-based random numbers: a pure function of (key, counter), so no thread, chunk or order can change them.

Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011), and Gaussians by Box and Muller
with polynomials instead of the C library, so that every machine computes the same bits and loops over neurons
vectorise.
"""

from __future__ import annotations

import numpy as np

from nonideality.jit import inlined_stage, stage

_LOW = np.uint64(0xFFFFFFFF)
_SHIFT = np.uint64(32)
_MULTIPLY_A = np.uint64(0xD2511F53)
_MULTIPLY_B = np.uint64(0xCD9E8D57)
_WEYL_A = np.uint64(0x9E3779B9)
_WEYL_B = np.uint64(0xBB67AE85)


@stage
def _round(c0, c1, c2, c3, k0, k1):
    a = _MULTIPLY_A * c0
    b = _MULTIPLY_B * c2
    k0_next, k1_next = (k0 + _WEYL_A) & _LOW, (k1 + _WEYL_B) & _LOW
    return (b >> _SHIFT) ^ c1 ^ k0, b & _LOW, (a >> _SHIFT) ^ c3 ^ k1, a & _LOW, k0_next, k1_next


@inlined_stage
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


@stage
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


@stage
def gaussians_of_writes(first, second, key, window, layer, step, row, columns, first_column):
    """Two N(0, 1) for every write into columns first_column + columns (n,) of a row: first, second (n,), written.

    key, window, layer: as above. They depend on (key, window, layer, step, row, column) alone; steps up to 2^12, rows
    up to 2^20.
    """
    low = np.uint64(window) & _LOW
    high = ((np.uint64(window) >> _SHIFT) << np.uint64(16)) | np.uint64(layer)
    place = (np.uint64(row) << np.uint64(12) | np.uint64(step)) & _LOW
    k0, k1 = key
    for k in range(len(columns)):
        w0, w1, _, _ = philox(np.uint64(first_column + columns[k]), place, low, high, k0, k1)
        first[k], second[k] = gaussian_pair(np.uint32(w0), np.uint32(w1))


@stage
def uniform(word):
    """A float32 uniform on [0, 1) from a 32-bit word; its 24 highest bits count."""
    return np.float32(np.int32(word >> np.uint32(8))) * _TWO_TO_MINUS_24


_TWO_TO_MINUS_24 = np.float32(2.0**-24)
_ONE = np.float32(1)
_HALF = np.float32(0.5)
_MANTISSA = np.int32(0x007FFFFF)
_HALF_BITS = np.int32(0x3F000000)  # the float32 0.5
_SQRT_HALF = np.float32(0.70710678)
_LN_2 = np.float32(0.69314718)
# ln(1 + x) = x - x^2/2 + x^3 P(x), minimax on [sqrt(1/2) - 1, sqrt(2) - 1], highest power first (relative error 2e-7)
_LN = tuple(
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
_L0, _L1, _L2, _L3, _L4, _L5, _L6, _L7, _L8 = _LN
# Taylor series on [-pi/4, pi/4]: below the resolution of float32 after these terms
_S3, _S5, _S7 = np.float32(-1 / 6), np.float32(1 / 120), np.float32(-1 / 5040)
_C2, _C4, _C6, _C8 = np.float32(-1 / 2), np.float32(1 / 24), np.float32(-1 / 720), np.float32(1 / 40320)
_QUARTER_TURN = np.float32(np.pi / 2 * 2.0**-24)


@stage
def natural_log(x):
    """ln(x) of a positive, normal float32, from arithmetic alone (no library call, no branch)."""
    bits = np.float32(x).view(np.int32)
    exponent = np.float32((bits >> np.int32(23)) - np.int32(126))
    mantissa = np.int32((bits & _MANTISSA) | _HALF_BITS).view(np.float32)  # [0.5, 1)
    small = mantissa < _SQRT_HALF
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
    return (x * (square * p) - _HALF * square) + x + exponent * _LN_2


@stage
def gaussian_pair(word_a, word_b):
    """Two independent standard normal float32 from two random words (Box and Muller 1958). |z| is at most 5.77."""
    u = np.float32(np.int32(word_a >> np.uint32(8)) + np.int32(1)) * _TWO_TO_MINUS_24  # (0, 1]
    radius = np.sqrt(np.float32(-2) * natural_log(u))
    # The angle in quarter turns: the two highest bits pick the quadrant, the rest (centred) goes through the series.
    quadrant = word_b >> np.uint32(30)
    rest = np.int32((word_b >> np.uint32(6)) & np.uint32(0xFFFFFF)) - np.int32(0x800000)
    angle = np.float32(rest) * _QUARTER_TURN
    square = angle * angle
    sine = angle + angle * square * (_S3 + square * (_S5 + square * _S7))
    cosine = _ONE + square * (_C2 + square * (_C4 + square * (_C6 + square * _C8)))
    odd = (quadrant & np.uint32(1)) != np.uint32(0)
    first = sine if odd else cosine
    second = cosine if odd else sine
    first = -first if (quadrant & np.uint32(2)) != np.uint32(0) else first
    second = -second if ((quadrant + np.uint32(1)) & np.uint32(2)) != np.uint32(0) else second
    return radius * first, radius * second


@stage
def gaussians(out, words):
    """Turn words (4, n) uint32 into out (4, n) float32, N(0, 1): rows 0 and 1 share their words, 2 and 3 too."""
    for row in range(0, 4, 2):
        words_a, words_b, out_a, out_b = words[row], words[row + 1], out[row], out[row + 1]
        for n in range(words.shape[1]):
            out_a[n], out_b[n] = gaussian_pair(words_a[n], words_b[n])
