"""The figures of a sweep's page: which numbers go into which chart, and what a screen reader is told of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from markupsafe import Markup

from host.report.chart import Bar, Labels, Series, bars, curves, histogram, text_of
from host.report.panels import Panel
from host.report.population import Point, Population
from host.report.scale import round_steps
from host.studies import MOMENTS, Criterion, Moment

_MOST_BINS = 26


def level_words(panel: Panel, point: Point) -> str:
    """mismatch 0.5, thermal 0.1"""
    order = [panel.axis, *panel.held]
    return ", ".join(f"{name} {text_of(point.levels[name])}" for name in order)


def _percent(fraction: float | None) -> float | None:
    return None if fraction is None else 100 * fraction


def _percents(pair: tuple[float, float] | None) -> tuple[float, float] | None:
    return None if pair is None else (100 * pair[0], 100 * pair[1])


def accuracy(name: str, panel: Panel, population: Population) -> Markup:
    """Mean accuracy against level, with bands over dies. All panels share the range of y."""
    series = [
        Series(
            each,
            [_percent(point.mean(each)) for point in panel.points],
            [_percents(population.band(point, each)) for point in panel.points] if each != "ideal" else (),
        )
        for each in ("ideal", *MOMENTS)
    ]
    title = f"Accuracy against {panel.title}"
    parts = [
        f"{each.name} from {min(there):.1f} to {max(there):.1f} percent"
        for each in series
        if (there := [value for value in each.values if value is not None])
    ]
    labels = Labels(
        f"{name}-accuracy",
        title,
        f"Mean over dies of the test accuracy at {len(panel.points)} levels: {'; '.join(parts)}. "
        "The table below holds every number.",
        panel.axis,
        "accuracy (%)",
    )
    return curves(labels, panel.levels, series, _range(population.points))


def _range(points: Sequence[Point]) -> tuple[float, float]:
    """Of all accuracies of all dies, in percent, a little room included; at least two points wide."""
    values = [100 * v for point in points for name in ("ideal", *MOMENTS) for v in _ends(point, name)]
    low, high = min(values), max(values)
    return (low, high) if high - low >= 2 else (max(low - 1, 0), min(high + 1, 100))


def _ends(point: Point, name: str) -> tuple[float, ...]:
    values = point.accuracies[name]
    return (min(values), max(values)) if values else ()


def yields(name: str, panel: Panel, wanted: Criterion) -> Markup:
    """Share of good dies against level, with exact intervals for a fixed plan."""
    series = []
    for moment in MOMENTS:
        shares = [point.share(moment) for point in panel.points]
        values = [_percent(share.fraction) for share in shares]
        series.append(Series(moment, values, [_percents(share.interval) for share in shares]))
    labels = Labels(
        f"{name}-yield",
        f"Yield against {panel.title}",
        f"Percentage of dies with an {wanted}, before and after learning, with exact 95 percent intervals for a fixed"
        f" plan, at {len(panel.points)} levels. The table below holds every number.",
        panel.axis,
        "good dies (%)",
    )
    return curves(labels, panel.levels, series, (0, 100))


def bin_edges(points: Sequence[Point]) -> list[float]:
    """Equal bins, in percent, that hold every die of the panel before and after."""
    values = [100 * v for point in points for moment in MOMENTS for v in _ends(point, moment)]
    low, high = min(values), max(values)
    # 100 % must fall into a bin whose upper end it is, every other round number into the bin that it begins.
    edges = round_steps(low, high if high - low > 1e-9 else low + 1, _MOST_BINS)
    return [*edges, edges[-1] + edges[1] - edges[0]] if edges[-1] <= high and edges[-1] < 100 else edges


def histograms(name: str, panel: Panel, edges: Sequence[float]) -> list[tuple[str, Markup]]:
    """Per level with a result, its name and how its dies spread before and after; all to one scale."""
    counted = [
        (point, {moment: bin_counts(point, moment, edges) for moment in MOMENTS})
        for point in panel.points
        if point.dies
    ]
    most = max(max(counts) for _, both in counted for counts in both.values())
    drawn = []
    for i, (point, both) in enumerate(counted, 1):
        words = f"{panel.axis} {text_of(point.levels[panel.axis])}"
        spans = [
            f"{moment} learning from {100 * low:.1f} to {100 * high:.1f} percent"
            for moment in MOMENTS
            for low, high in [_ends(point, moment)]
        ]
        labels = Labels(
            f"{name}-dies-{i}",
            f"Dies at {words}",
            f"Histogram of {len(point.dies)} dies by accuracy: {', '.join(spans)}. The table below holds every count.",
            "accuracy (%)",
            "dies",
        )
        drawn.append((words, histogram(labels, edges, both["before"], both["after"], most)))
    return drawn


def bin_counts(point: Point, moment: Moment, edges: Sequence[float]) -> list[int]:
    percents = 100 * np.asarray(point.accuracies[moment])
    # 97.0 % as a float may lie a hair below 97.
    return [int(count) for count in np.histogram(np.round(percents, 9), edges)[0]]


class Loss(NamedTuple):
    """What an axis costs at its worst level, in percentage points of the best ideal chip's accuracy along it."""

    axis: str
    level: str
    means: dict[Moment, float]
    ends: dict[Moment, tuple[float, float]]  # over dies


def panel_losses(panels: Sequence[Panel], population: Population) -> list[Loss]:
    """One per panel, the most costly before learning first."""
    found = []
    for panel in panels:
        told = [point for point in panel.points if point.dies]
        best = max(point.mean("ideal") or 0.0 for point in told)
        point = min(told, key=lambda point: point.mean("before") or 0.0)
        means, ends = {}, {}
        for moment in MOMENTS:
            low, high = population.band(point, moment) or (0.0, 0.0)
            means[moment] = 100 * (best - (point.mean(moment) or 0.0))
            ends[moment] = (100 * (best - high), 100 * (best - low))
        found.append(Loss(panel.title, text_of(point.levels[panel.axis]), means, ends))
    return sorted(found, key=lambda loss: -loss.means["before"])


def losses(panels: Sequence[Panel], population: Population) -> Markup:
    """What each axis costs at its worst level, before and after learning."""
    found = panel_losses(panels, population)
    groups = [
        (
            f"{loss.axis}: {text_of(loss.level)}",
            [
                Bar(moment, moment, loss.means[moment], loss.ends[moment], _loss_tip(loss, moment, population))
                for moment in MOMENTS
            ],
        )
        for loss in found
    ]
    told = "; ".join(
        f"{loss.axis} {text_of(loss.level)} costs {loss.means['before']:z.1f} before and"
        f" {loss.means['after']:z.1f} after"
        for loss in found
    )
    labels = Labels(
        "losses",
        "Accuracy lost per axis",
        f"Percentage points lost at the worst level of each axis: {told}.",
        "",
        "accuracy lost (percentage points)",
    )
    return bars(labels, groups)


def _loss_tip(loss: Loss, moment: Moment, population: Population) -> str:
    low, high = loss.ends[moment]
    mean = loss.means[moment]
    level, band = text_of(loss.level), population.band_words
    return f"{loss.axis} {level}, {moment}: {mean:z.2f} points ({low:z.2f} to {high:z.2f}, {band})"
