"""exp(x) from arithmetic alone, so that every machine computes the same bits and loops vectorise."""

from __future__ import annotations

import numpy as np

from chipsim.simd import outlined

_LOWEST = np.float32(-87)  # below it a float32 is no longer normal
_PER_LN_2 = np.float32(1 / np.log(2))
_LN_2_HIGH = np.float32(0.693359375)  # nine bits: times a whole number up to 2^15 it is exact
_LN_2_LOW = np.float32(np.log(2) - 0.693359375)
_HALF = np.float32(0.5)
_ONE = np.float32(1)
_T2, _T3, _T4, _T5, _T6, _T7 = (np.float32(1 / n) for n in (2, 6, 24, 120, 720, 5040))  # Taylor's, on +-ln(2) / 2


@outlined
def natural_exp(x):
    """exp(x) of a float32 up to 88, 0 below -87 (relative error 2e-7)."""
    whole = np.floor(x * _PER_LN_2 + _HALF)
    r = (x - whole * _LN_2_HIGH) - whole * _LN_2_LOW
    series = _ONE + r * (_ONE + r * (_T2 + r * (_T3 + r * (_T4 + r * (_T5 + r * (_T6 + r * _T7))))))
    power = np.int32((np.int32(max(whole, np.float32(-126))) + np.int32(127)) << np.int32(23)).view(np.float32)
    return series * power if x >= _LOWEST else np.float32(0)
