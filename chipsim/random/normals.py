"""Gaussians by Box and Muller (1958), of sixteen pairs of random words at once.

Polynomials instead of the C library, so that every machine computes the same bits.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types
from numba.extending import intrinsic

from chipsim.random.counter_based import LN, LN_2, SQRT_HALF
from chipsim.simd import LANES, Lanes, inlined, sequences

_SIGN = 0x80000000


def _as_float32(*numbers: float) -> tuple[float, ...]:
    return tuple(float(np.float32(number)) for number in numbers)


# Taylor series on [-pi/4, pi/4]: below the resolution of float32 after these terms
_S3, _S5, _S7 = _as_float32(-1 / 6, 1 / 120, -1 / 5040)
_C2, _C4, _C6, _C8 = _as_float32(-1 / 2, 1 / 24, -1 / 720, 1 / 40320)
(_QUARTER_TURN,) = _as_float32(np.pi / 2 * 2.0**-24)


def _natural_log(x: Lanes) -> Lanes:
    """`chipsim.random.counter_based.natural_log`."""
    bits = x.view(np.uint32)
    exponent = (bits >> 23).astype(np.float32) - 126.0
    mantissa = ((bits & 0x007FFFFF) ^ 0x3F000000).view(np.float32)  # [0.5, 1)
    small = mantissa < float(SQRT_HALF)
    exponent = small.where(exponent - 1.0, exponent)
    x = small.where(mantissa + mantissa - 1.0, mantissa - 1.0)
    p = x.broadcast_like(float(LN[0]))
    for coefficient in LN[1:]:
        p = p * x + float(coefficient)
    square = x * x
    return (x * (square * p) - square * 0.5) + x + exponent * float(LN_2)


def gaussian_pair(word_a: Lanes, word_b: Lanes) -> tuple[Lanes, Lanes]:
    """Two independent standard normal float32 from two random words. |z| is at most 5.77."""
    u = ((word_a >> 8) + 1).astype(np.float32) * 2.0**-24  # (0, 1]
    radius = (_natural_log(u) * -2.0).sqrt()
    # The angle in quarter turns: the two highest bits pick the quadrant, the rest (centred) goes through the series.
    rest = ((word_b >> 6) & 0xFFFFFF).astype(np.float32) - float(0x800000)
    angle = rest * _QUARTER_TURN
    square = angle * angle
    sine = angle + angle * square * (square * (square * _S7 + _S5) + _S3)
    cosine = square * (square * (square * (square * _C8 + _C6) + _C4) + _C2) + 1.0
    odd = (word_b & (_SIGN >> 1)).not_equal(0)
    first, second = odd.where(sine, cosine), odd.where(cosine, sine)
    first_sign, second_sign = word_b & _SIGN, (word_b ^ (word_b << 1)) & _SIGN
    turned = (first.view(np.uint32) ^ first_sign, second.view(np.uint32) ^ second_sign)
    return radius * turned[0].view(np.float32), radius * turned[1].view(np.float32)


@intrinsic
def _thirty_two_pairs(context, z0, z1, z2, z3, words0, words1, words2, words3, start):
    """Two times sixteen at a time: a processor that looks ahead sees no more than one polynomial."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        arrays, start = sequences(context, builder, signature.args[:8], values[:8]), values[8]
        targets, words = arrays[:4], [each.load(start) for each in arrays[4:]]
        first, second = gaussian_pair(words[0].concatenate(words[2]), words[1].concatenate(words[3]))
        (z0, z2), (z1, z3) = first.split(), second.split()
        for target, z in zip(targets, (z0, z1, z2, z3), strict=True):
            target.store(start, z)
        return context.get_dummy_value()

    return types.void(z0, z1, z2, z3, words0, words1, words2, words3, types.uint64), generate


@inlined
def gaussians(out, words):
    """Turn words (4, n) uint32 into out (4, n) float32, N(0, 1): rows 0 and 1 share their words, 2 and 3 too.

    n is a multiple of LANES.
    """
    z0, z1, z2, z3 = out[0], out[1], out[2], out[3]
    words0, words1, words2, words3 = words[0], words[1], words[2], words[3]
    for start in range(np.uint64(0), np.uint64(words.shape[1]), np.uint64(LANES)):
        _thirty_two_pairs(z0, z1, z2, z3, words0, words1, words2, words3, start)
