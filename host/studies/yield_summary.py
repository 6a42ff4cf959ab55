"""What `chipsim yield` tells: a table, one JSON object, or CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from host.settings import RunSpec
from host.studies.die_yield import CONFIDENCE, MOMENTS, Criterion, Die, PointYield
from host.sweep import command_line_of
from host.terminal import percent, percent_interval, table


@dataclass(frozen=True)
class YieldReport:
    """The yield at each point of a sweep, and the worst dies."""

    sweep: str
    other_sweeps: Sequence[str]  # in the same database
    wanted: Criterion
    points: Sequence[PointYield]
    worst: Sequence[tuple[Die, RunSpec]]  # point by point
    mixtures: Sequence[str] = ()  # what its rows do not have in common, see SweepStore.mixtures

    def to_json(self) -> dict[str, Any]:
        return {
            "sweep": self.sweep,
            "other_sweeps": list(self.other_sweeps),
            "wanted": {
                "accuracy": float(self.wanted.limit),
                "relative_to_ideal": self.wanted.relative_to_ideal,
                "meaning": str(self.wanted),
            },
            "confidence": CONFIDENCE,
            "mixtures": list(self.mixtures),
            "points": [self._point(point) for point in self.points],
            "worst": [
                {
                    "point": die.point,
                    "die": die.die,
                    "task": die.task,
                    "ideal": die.ideal,
                    "before": die.before,
                    "after": die.after,
                    "command": command_line_of(spec),
                }
                for die, spec in self.worst
            ],
        }

    def _point(self, point: PointYield) -> dict[str, Any]:
        told: dict[str, Any] = {
            "point": point.point,
            "dies": len(point.dies),
            "failed": point.failed,
            "missing": point.missing,
            "ideal": point.dies[0].ideal if point.dies else None,
        }
        for moment in MOMENTS:
            accuracy = point.accuracies(moment)
            told[moment] = point.share(moment).to_json() | {
                "mean": float(accuracy.mean()) if len(accuracy) else None,
                "worst": float(accuracy.min()) if len(accuracy) else None,
                "worst_die": point.worst(1, moment)[0].die if len(accuracy) else None,
            }
        return told

    def csv(self) -> str:
        """One line per point: its axes first, then a column for each figure of the JSON object."""
        axes = list(dict.fromkeys(name for point in self.points for name in point.point))
        lines = [_flat(self._point(point)) for point in self.points]
        names = list(lines[0]) if lines else []
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow([*axes, *names])
        for point, line in zip(self.points, lines, strict=True):
            writer.writerow([*(point.point.get(axis, "") for axis in axes), *(line[name] for name in names)])
        return out.getvalue()

    def lines(self) -> list[str]:
        head = ["point", "dies", "ideal %"]
        for moment in MOMENTS:
            head += [f"yield {moment} %", f"{CONFIDENCE:.0%} interval", "mean %", "worst %"]
        rows = []
        for point in self.points:
            ideal = point.dies[0].ideal if point.dies else None
            row = [_point_text(point.point), str(len(point.dies)), percent(ideal)]
            for moment in MOMENTS:
                share, accuracy = point.share(moment), point.accuracies(moment)
                figures = (accuracy.mean(), accuracy.min()) if len(accuracy) else (None, None)
                row += [percent(share.fraction, 1), percent_interval(share.interval), *map(percent, figures)]
            rows.append(row)
        return [
            f"sweep {self.sweep}: a die is good with an {self.wanted}",
            "before and after learning on chip; intervals are Wilson's",
            "",
            *table(rows, head, indent=2),
            *self._absent(),
            *(["", *self.mixtures] if self.mixtures else []),
            *([f"also in this database: {', '.join(self.other_sweeps)} (--sweep)"] if self.other_sweeps else []),
            *self._worst_lines(),
        ]

    def _absent(self) -> list[str]:
        lines = []
        for point in self.points:
            parts = [f"{point.failed} failed"] * bool(point.failed) + [f"{point.missing} missing"] * bool(point.missing)
            if parts:
                lines.append(f"not counted at {_point_text(point.point)}: {' and '.join(parts)}")
        return ["", *lines] if lines else []

    def _worst_lines(self) -> list[str]:
        lines = ["", "worst dies; each command gives the same figures again"] if self.worst else []
        for die, spec in self.worst:
            figures = f"before {percent(die.before)} %, after {percent(die.after)} %"
            lines += [f"  {_point_text(die.point)}, die {die.die}: {figures}", f"    {command_line_of(spec)}"]
        return lines


def _flat(told: Mapping[str, Any]) -> dict[str, Any]:
    """The figures of one point under flat names; None is an empty cell."""
    flat: dict[str, Any] = {name: told[name] for name in ("dies", "failed", "missing", "ideal")}
    for moment in MOMENTS:
        figures = dict(told[moment])
        low, high = figures.pop("interval") or (None, None)
        del figures["dies"]
        figures |= {"interval_low": low, "interval_high": high}
        flat |= {f"{name}_{moment}": value for name, value in figures.items()}
    return flat


def _point_text(point: Mapping[str, object]) -> str:
    """A point of a sweep, as a person reads it."""
    return ", ".join(f"{name} {level}" for name, level in point.items()) or "the base"
