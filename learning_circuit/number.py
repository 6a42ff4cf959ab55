"""What formulas of a learning circuit are written over: a number, whoever computes with it.

A formula here is a plain function. In a kernel its arguments are vectors of sixteen neurons (`chipsim.simd.Lanes`), in
a test or on paper single numbers (`Float32`), and nothing in it tells which. So the circuit is written once, and needs
no compiler to be read or tried.
"""

from __future__ import annotations

import operator
from typing import Any, Protocol, Self, SupportsFloat, TypeVar

import numpy as np


class Number(Protocol):
    """float32 arithmetic, and comparisons that choose. Every operation rounds by itself, in the order written.

    What needs more bits to be exact is computed `in_double`, with the same operations, and comes back by `in_single`.
    """

    def __add__(self, other: Self | float) -> Self: ...

    def __sub__(self, other: Self | float) -> Self: ...

    def __mul__(self, other: Self | float) -> Self: ...

    def __truediv__(self, other: Self | float) -> Self: ...

    def __neg__(self) -> Self: ...

    def __abs__(self) -> Self: ...

    def __radd__(self, other: float) -> Self: ...

    def __rsub__(self, other: float) -> Self: ...

    def __rmul__(self, other: float) -> Self: ...

    def __gt__(self, other: Self | float) -> Any:
        """A comparison; False for what is not a number. Comparisons know &, | and `where`."""

    def __lt__(self, other: Self | float) -> Any: ...

    def __ge__(self, other: Self | float) -> Any: ...

    def __le__(self, other: Self | float) -> Any: ...

    def not_equal(self, other: Self | float) -> Any:
        """A comparison; True for what is not a number."""

    def broadcast_like(self, other: Self | float) -> Self:
        """`other` as one of these."""

    def with_sign_of(self, other: Self) -> Self: ...

    def sqrt(self) -> Self: ...

    def floor(self) -> Self: ...

    def power_of_two(self) -> Self:
        """2 to the power of a whole number from -126 to 127."""

    def in_double(self) -> Any:
        """As a float64, whose operations are those of one."""

    def in_single(self) -> Any:
        """A float64 as the nearest float32."""

    def where(self, yes: Self, no: Self | float) -> Self:
        """Of a comparison: `yes` where it holds, else `no`."""


N = TypeVar("N", bound=Number)


def minimum(one: N, other: N | float) -> N:
    """The smaller one; `other` if either is not a number."""
    found: N = (one < other).where(one, other)
    return found


def maximum(one: N, other: N | float) -> N:
    """The larger one; `other` if either is not a number."""
    found: N = (one > other).where(one, other)
    return found


_PER_LN_2 = float(np.float32(1 / np.log(2)))
_LN_2_HIGH = 0.693359375  # nine bits: times a whole number up to 2^15 it is exact
_LN_2_LOW = float(np.float32(np.log(2) - 0.693359375))
_TAYLOR = [float(np.float32(1 / n)) for n in (5040, 720, 120, 24, 6, 2)]  # on +-ln(2) / 2


def exponential(x: N) -> N:
    """exp(x) from arithmetic alone, so that all machines compute the same bits: relative error 2e-7.

    0 below -87, where a float32 is no longer normal, and for what is not a number; above 88 as at 88.

        k = floor(x / ln 2 + 1/2), r = (x - k h) - k l with h + l = ln 2, exp(x) = 2^k (1 + r (1 + r (1/2 + ...)))
    """
    limited = minimum(x, 88.0)
    whole = (limited * _PER_LN_2 + 0.5).floor()
    r = (limited - whole * _LN_2_HIGH) - whole * _LN_2_LOW
    series = r.broadcast_like(_TAYLOR[0])
    for factor in (*_TAYLOR[1:], 1.0, 1.0):
        series = r * series + factor
    power = maximum(whole, -126.0).power_of_two()
    found: N = (x >= -87.0).where(series * power, 0.0)
    return found


class Float32:
    """One float32, or the outcome of a comparison, as a `Number`."""

    def __init__(self, value: SupportsFloat | np.bool_) -> None:
        if value is None:
            raise TypeError("NoneType is no number")  # where numpy would make NaN of it
        self.value: Any = value if isinstance(value, np.bool_) else np.float32(value)

    def __float__(self) -> float:
        return float(self.value)

    def __bool__(self) -> bool:
        return bool(self.value)

    def _made(self, operation: Any, *others: Float32 | float) -> Self:
        """Of this one and others. Quietly: a formula may choose the other branch, and so does generated code."""
        with np.errstate(all="ignore"):
            return type(self)(operation(self.value, *(self.broadcast_like(other).value for other in others)))

    def __add__(self, other: Float32 | float) -> Self:
        return self._made(operator.add, other)

    def __sub__(self, other: Float32 | float) -> Self:
        return self._made(operator.sub, other)

    def __mul__(self, other: Float32 | float) -> Self:
        return self._made(operator.mul, other)

    def __truediv__(self, other: Float32 | float) -> Self:
        return self._made(operator.truediv, other)

    def __neg__(self) -> Self:
        return self._made(operator.neg)

    def __abs__(self) -> Self:
        return self._made(abs)

    def __and__(self, other: Float32) -> Self:
        return self._made(np.logical_and, other)

    def __or__(self, other: Float32) -> Self:
        return self._made(np.logical_or, other)

    def __radd__(self, other: float) -> Self:
        return self.broadcast_like(other) + self

    def __rsub__(self, other: float) -> Self:
        return self.broadcast_like(other) - self

    def __rmul__(self, other: float) -> Self:
        return self.broadcast_like(other) * self

    def __ge__(self, other: Float32 | float) -> Self:
        return self._made(operator.ge, other)

    def __le__(self, other: Float32 | float) -> Self:
        return self._made(operator.le, other)

    def __gt__(self, other: Float32 | float) -> Self:
        return self._made(operator.gt, other)

    def __lt__(self, other: Float32 | float) -> Self:
        return self._made(operator.lt, other)

    def not_equal(self, other: Float32 | float) -> Self:
        return self._made(operator.ne, other)

    def broadcast_like(self, other: Float32 | float) -> Self:
        return other if isinstance(other, type(self)) else type(self)(other)

    def with_sign_of(self, other: Float32) -> Self:
        return self._made(np.copysign, other)

    def sqrt(self) -> Self:
        return self._made(np.sqrt)

    def floor(self) -> Self:
        return self._made(np.floor)

    def power_of_two(self) -> Self:
        return type(self)(np.ldexp(np.float32(1), int(self.value)))

    def in_double(self) -> Float64:
        return Float64(self.value)

    def in_single(self) -> Float32:
        return Float32(self.value)

    def where(self, yes: Float32, no: Float32 | float) -> Self:
        return self.broadcast_like(yes if self.value else no)


class Float64(Float32):
    """One float64, what a `Float32` is `in_double`."""

    def __init__(self, value: SupportsFloat | np.bool_) -> None:
        super().__init__(value)
        self.value = value if isinstance(value, np.bool_) else np.float64(value)
