"""A number as a person writes it."""

from __future__ import annotations

_ROUNDING = 1e-12  # what is left of a difference of equal numbers is below this, and no figure that has a handy unit is


def readable(value: float, digits: int = 6) -> str:
    """To so many digits; no rounding error in place of zero, and zero without a sign."""
    return "0" if abs(value) < _ROUNDING else f"{value:.{digits}g}"
