"""Columns for a terminal."""

from __future__ import annotations

from collections.abc import Sequence


def aligned(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines of a table: the first column to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    return [
        "  ".join(
            cell.rjust(width) if i else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in (head, *rows)
    ]


def percent(value: float | None, digits: int = 2) -> str:
    return "-" if value is None else f"{100 * value:.{digits}f}"


def percent_interval(ends: tuple[float, float] | None) -> str:
    """Both ends of an interval in whole per cent."""
    return "-" if ends is None else f"{100 * ends[0]:.0f} to {100 * ends[1]:.0f}"


def point_text(point: dict[str, object]) -> str:
    """A point of a sweep, as a person reads it."""
    return ", ".join(f"{name} {level}" for name, level in point.items()) or "the base"
