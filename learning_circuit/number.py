"""What formulas of a learning circuit are written over: a number, whoever computes with it.

A formula here is a plain function. In a kernel its arguments are vectors of sixteen neurons (`chipsim.simd.Lanes`), in
a test or on paper single numbers (`Float32`), and nothing in it tells which. So the circuit is written once, and needs
no compiler to be read or tried.
"""

from __future__ import annotations

from typing import Any, Protocol, Self, SupportsFloat

import numpy as np


class Number(Protocol):
    """float32 arithmetic, and comparisons that choose. Every operation rounds by itself, in the order written."""

    def __add__(self, other: Self | float) -> Self: ...

    def __sub__(self, other: Self | float) -> Self: ...

    def __mul__(self, other: Self | float) -> Self: ...

    def __truediv__(self, other: Self) -> Self: ...

    def __neg__(self) -> Self: ...

    def __abs__(self) -> Self: ...

    def __gt__(self, other: Self | float) -> Any:
        """A comparison; False for what is not a number. Comparisons know & and `where`."""

    def __lt__(self, other: Self | float) -> Any: ...

    def not_equal(self, other: Self | float) -> Any:
        """A comparison; True for what is not a number."""

    def broadcast_like(self, other: Self | float) -> Self:
        """`other` as one of these."""

    def with_sign_of(self, other: Self) -> Self: ...

    def sqrt(self) -> Self: ...

    def where(self, yes: Self, no: Self | float) -> Self:
        """Of a comparison: `yes` where it holds, else `no`."""


class Float32:
    """One float32, or the outcome of a comparison, as a `Number`."""

    def __init__(self, value: SupportsFloat | np.bool_) -> None:
        self.value: Any = value if isinstance(value, np.bool_) else np.float32(value)

    def __float__(self) -> float:
        return float(self.value)

    def __bool__(self) -> bool:
        return bool(self.value)

    def __add__(self, other: Float32 | float) -> Float32:
        return Float32(self.value + self.broadcast_like(other).value)

    def __sub__(self, other: Float32 | float) -> Float32:
        return Float32(self.value - self.broadcast_like(other).value)

    def __mul__(self, other: Float32 | float) -> Float32:
        return Float32(self.value * self.broadcast_like(other).value)

    def __truediv__(self, other: Float32) -> Float32:
        with np.errstate(divide="ignore", invalid="ignore"):  # a formula may choose the other branch
            return Float32(self.value / other.value)

    def __neg__(self) -> Float32:
        return Float32(-self.value)

    def __abs__(self) -> Float32:
        return Float32(abs(self.value))

    def __and__(self, other: Float32) -> Float32:
        return Float32(np.bool_(self.value and other.value))

    def __gt__(self, other: Float32 | float) -> Float32:
        return Float32(np.bool_(self.value > self.broadcast_like(other).value))

    def __lt__(self, other: Float32 | float) -> Float32:
        return Float32(np.bool_(self.value < self.broadcast_like(other).value))

    def not_equal(self, other: Float32 | float) -> Float32:
        return Float32(np.bool_(self.value != self.broadcast_like(other).value))

    def broadcast_like(self, other: Float32 | float) -> Float32:
        return other if isinstance(other, Float32) else Float32(other)

    def with_sign_of(self, other: Float32) -> Float32:
        return Float32(np.copysign(self.value, other.value))

    def sqrt(self) -> Float32:
        return Float32(np.sqrt(self.value))

    def where(self, yes: Float32, no: Float32 | float) -> Float32:
        return yes if self.value else yes.broadcast_like(no)
