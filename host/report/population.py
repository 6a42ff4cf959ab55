"""What a report knows of a sweep: per point the accuracies of its dies and the sums of what they did, in one pass."""

from __future__ import annotations

import json
import math
from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from host.settings import RunSpec
from host.studies import MOMENTS, Criterion, Moment, OneDesign, Share
from host.sweep import LARGEST, Row, damaged

SHOWN_FAILURES = 50  # a report lists; the rest is counted
_FEW_DIES = 40  # below, percentiles of the dies are hardly more than their extremes
_ACTIVITY = ("train_samples", "synaptic_events", "weight_updates", "code_writes")


@dataclass
class Point:
    """The dies of one point. Accuracies are from 0 to 1, in the order of `dies`."""

    levels: dict[str, Any]  # axis -> level
    spec: RunSpec | None = None  # of the first die with a result
    network: tuple[int, ...] = ()
    dies: list[int] = field(default_factory=list)
    accuracies: dict[str, array[float]] = field(
        default_factory=lambda: {name: array("d") for name in ("teacher", "ideal", *MOMENTS)}
    )
    good: dict[Moment, int] = field(default_factory=lambda: dict.fromkeys(MOMENTS, 0))
    failed: int = 0
    lost: int = 0  # by passing faults of a machine
    missing: int = 0
    tested: int = 0  # test samples shown to all dies together, each moment
    activity: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_ACTIVITY, 0))
    saturation: dict[str, dict[str, int]] = field(default_factory=dict)  # phase -> what met its limit -> how often
    silent: dict[int, int] = field(default_factory=dict)  # hidden layer without a spike -> in how many dies
    cost: dict[str, list[float]] = field(default_factory=dict)  # dotted name of a figure -> of each die

    def mean(self, name: str) -> float | None:
        values = self.accuracies[name]
        return float(np.mean(values)) if values else None

    def share(self, moment: Moment) -> Share:
        return Share(self.good[moment], len(self.dies))

    def worst_die(self) -> int:
        """The seed of the die with the lowest accuracy after learning, then before it."""
        before, after = (self.accuracies[moment] for moment in MOMENTS)
        return min(zip(after, before, self.dies, strict=True))[2]


@dataclass(frozen=True)
class Failure:
    task: str
    die: int
    message: str
    levels: dict[str, Any]


@dataclass
class Population:
    """All points of a sweep in its order, and what did not work."""

    points: list[Point]
    failures: list[Failure]  # the first SHOWN_FAILURES

    @property
    def done(self) -> int:
        return sum(len(point.dies) for point in self.points)

    @property
    def failed(self) -> int:
        return sum(point.failed for point in self.points)

    @property
    def lost(self) -> int:
        return sum(point.lost for point in self.points)

    @property
    def missing(self) -> int:
        return sum(point.missing for point in self.points)

    @property
    def shows_extremes(self) -> bool:
        """Whether bands reach from the worst die to the best; otherwise from the 5th to the 95th percentile."""
        return min((len(point.dies) for point in self.points if point.dies), default=0) < _FEW_DIES

    @property
    def test_images(self) -> list[int]:
        """With how many its dies were tested, each number once."""
        return sorted({point.tested // len(point.dies) for point in self.points if point.dies})

    def band(self, point: Point, name: str) -> tuple[float, float] | None:
        values = np.asarray(point.accuracies[name])
        if not len(values):
            return None
        low, high = np.percentile(values, [0, 100] if self.shows_extremes else [5, 95])
        return float(low), float(high)

    @property
    def band_words(self) -> str:
        return "lowest to highest die" if self.shows_extremes else "5th to 95th percentile of the dies"


def gather(rows: Iterable[Row], wanted: Criterion) -> Population:
    """One pass over the rows of a sweep; of each die a few numbers are kept, of each point one spec.

    Raises SweepError if the dies of a point are of different designs.
    """
    points: dict[str, Point] = {}
    failures: list[Failure] = []
    designs = OneDesign()
    levels: dict[str, Any] | None = None
    for row in rows:
        if row.point is not levels:  # rows of a point come one after the other and share it
            levels = row.point
            point = points.setdefault(json.dumps(levels, sort_keys=True), Point(levels))
        if row.status == "done":
            designs.check(row)
            _add(point, row, wanted)
        elif row.status in ("failed", "lost"):
            point.failed += row.status == "failed"
            point.lost += row.status == "lost"
            if len(failures) < SHOWN_FAILURES:
                failures.append(Failure(row.task, row.die, row.message or "no message", row.point))
        else:
            point.missing += 1
    return Population(list(points.values()), failures)


def _add(point: Point, row: Row, wanted: Criterion) -> None:
    summary = row.summary
    assert summary is not None and row.ideal is not None and row.test_samples is not None, "done rows have figures"
    if point.spec is None:
        point.spec = row.run_spec()
        point.network = tuple(summary["network"])
    point.dies.append(row.die)
    for name, values in point.accuracies.items():
        values.append(getattr(row, name))
    for layer in row.limits.silent_layers:
        point.silent[layer] = point.silent.get(layer, 0) + 1
    for moment in MOMENTS:
        point.good[moment] += wanted.met(getattr(row, moment), row.ideal, row.test_samples)
    point.tested += row.test_samples
    for name in _ACTIVITY:
        point.activity[name] += summary[name]
    add_counts(point.saturation, summary["saturation"])
    for name, value in numbers(summary.get("cost", {})):
        if not abs(value) <= LARGEST:
            raise damaged(row.task, f"its cost says {name} {value}, which is no figure of a chip")
        point.cost.setdefault(name, []).append(value)


def add_counts(total: dict[str, dict[str, int]], counts: dict[str, dict[str, int]]) -> None:
    for phase, of_phase in counts.items():
        sums = total.setdefault(phase, {})
        for name, count in of_phase.items():
            sums[name] = sums.get(name, 0) + count


def numbers(entry: Any, prefix: str = "") -> list[tuple[str, float]]:
    """All numbers of a nested JSON object by their dotted names, in its order."""
    if isinstance(entry, dict):
        return [pair for key, value in entry.items() for pair in numbers(value, f"{prefix}.{key}" if prefix else key)]
    if isinstance(entry, int | float) and not isinstance(entry, bool):
        return [(prefix, float(entry) if abs(entry) <= LARGEST else math.inf)]
    return []
