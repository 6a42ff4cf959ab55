"""The picture of a sweep: along each axis every die's accuracy before and after learning, and their means."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from host.plots import BLUE, DASHES, GREEN, VERMILION
from host.sweep import Row

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_LOOKS = {"before": (VERMILION, DASHES, "x"), "after": (BLUE, "-", "o")}
_ASIDE = 0.08  # of a place's width: by so much before and after stand beside each other


def population_figure(rows: Iterable[Row], axes: Sequence[str]) -> Figure:
    """A panel for each axis; a sweep without one has a single panel with a single place."""
    from matplotlib.figure import Figure

    done = [row for row in rows if row.status == "done"]
    names = list(axes) or [""]
    figure = Figure((1.5 + 4.5 * len(names), 4.6), layout="constrained")
    for panel, name in zip(figure.subplots(1, len(names), sharey=True, squeeze=False)[0], names, strict=True):
        _along(panel, name, [row for row in done if not name or name in row.point])
        panel.spines[["top", "right"]].set_visible(False)
    figure.axes[0].set_ylabel("test accuracy (%)")
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=1 if len(names) == 1 else 3, frameon=False)
    return figure


def _along(panel: Axes, name: str, rows: Sequence[Row]) -> None:
    """Places as far apart as their values if these are numbers, else evenly."""
    levels: list[Any] = list(dict.fromkeys(_level(row, name) for row in rows))
    numbers = bool(levels) and all(isinstance(level, int | float) and not isinstance(level, bool) for level in levels)
    levels = sorted(levels) if numbers else levels
    places = np.array(levels, np.float64) if numbers else np.arange(len(levels), dtype=np.float64)
    width = float(np.diff(places).min()) if len(places) > 1 else 1.0
    for moment, (color, style, marker) in _LOOKS.items():
        found = [[100 * getattr(row, moment) for row in rows if _level(row, name) == level] for level in levels]
        aside = places + _ASIDE * width * (1 if moment == "after" else -1)
        means = [float(np.mean(dies)) for dies in found]
        panel.plot(aside, means, color=color, linestyle=style, label=f"{moment} learning: mean, and each die")
        for place, dies in zip(aside, found, strict=True):
            panel.plot([place] * len(dies), dies, marker, color=color, markersize=4, alpha=0.6)
    ideal = [100 * float(np.mean([row.ideal for row in rows if _level(row, name) == level])) for level in levels]
    panel.plot(places, ideal, color=GREEN, linestyle="-.", label="chip without errors")
    panel.set_xticks(places, [str(level) for level in levels])
    panel.set_xlabel(name or "all dies", parse_math=False)


def _level(row: Row, name: str) -> Any:
    value = row.point.get(name, "")
    return value if isinstance(value, int | float | str | bool) else str(value)
