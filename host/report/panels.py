"""Arranges the points of a sweep into panels: one axis along x, all other levels of the panel held."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from host.report.chart import text_of
from host.report.population import Point
from host.report.scale import is_number


@dataclass(frozen=True)
class Panel:
    """The points that differ in `axis` only, by level."""

    axis: str
    held: dict[str, Any]  # other axes -> level
    points: list[Point]

    @property
    def levels(self) -> list[Any]:
        return [point.levels[self.axis] for point in self.points]

    @property
    def title(self) -> str:
        held = ", ".join(f"{name} {text_of(level)}" for name, level in self.held.items())
        return f"{self.axis} at {held}" if held else self.axis


def arrange(points: Sequence[Point], axes: Sequence[str]) -> list[Panel]:
    """Panels in the order of `axes`. A point that varies several axes lies along the one with the most levels."""
    seen: dict[str, list[Any]] = {name: [] for name in axes}
    for point in points:
        for name, level in point.levels.items():
            if level not in seen[name]:
                seen[name].append(level)
    lengths = {name: len(levels) for name, levels in seen.items()}
    groups: dict[tuple[str, str], list[Point]] = {}
    held: dict[tuple[str, str], dict[str, Any]] = {}
    for point in points:
        if not point.levels:
            continue
        along = max(point.levels, key=lambda name: (lengths[name], -list(axes).index(name)))
        others = {name: level for name, level in point.levels.items() if name != along}
        key = (along, repr(others))
        groups.setdefault(key, []).append(point)
        held[key] = others
    panels = []
    for key, members in groups.items():
        if all(is_number(point.levels[key[0]]) for point in members):
            members = sorted(members, key=lambda point: point.levels[key[0]])
        panels.append(Panel(key[0], held[key], members))
    return panels
