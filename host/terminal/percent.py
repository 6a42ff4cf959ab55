"""Fractions in per cent; - where there is none."""

from __future__ import annotations

import math
from fractions import Fraction


def percent(value: float | None, digits: int = 2) -> str:
    return "-" if value is None else f"{100 * value:.{digits}f}"


def percent_interval(ends: tuple[float, float] | None) -> str:
    """Both ends of an interval in whole per cent."""
    return "-" if ends is None else f"{100 * ends[0]:.0f} to {100 * ends[1]:.0f}"


def percent_floor(value: float | None) -> str:
    """With one digit, never more than it is: what is proven."""
    return "-" if value is None else f"{math.floor(1000 * value) / 10:.1f}"


def percent_text(value: Fraction) -> str:
    """A fraction that somebody asked for, with as many digits as it has: 99.9 %."""
    return f"{float(100 * value):.10g} %"
