"""Fractions in per cent; - where there is none."""

from __future__ import annotations


def percent(value: float | None, digits: int = 2) -> str:
    return "-" if value is None else f"{100 * value:.{digits}f}"


def percent_interval(ends: tuple[float, float] | None) -> str:
    """Both ends of an interval in whole per cent."""
    return "-" if ends is None else f"{100 * ends[0]:.0f} to {100 * ends[1]:.0f}"
