"""What `chipsim yield` tells: a table, one JSON object, or CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from host.settings import RunSpec
from host.studies.claims import CONFIDENCE, dies_to_plan, dies_to_prove
from host.studies.die_yield import MOMENTS, Criterion, Die, PointYield
from host.sweep import command_line_of
from host.terminal import percent, percent_floor, table

_ASKED_FOR = (0.99, 0.999)  # yields of which it is told what proving them takes


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
            "dies_to_claim": [
                {"yield": each, "fixed_plan": dies_to_plan(each), "any_time": dies_to_prove(each)}
                for each in _ASKED_FOR
            ],
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
            "test_images": point.test_samples or None,
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
            head += [f"yield {moment} %", "planned", "any time", "mean %", "worst %"]
        rows = []
        for point in self.points:
            ideal = point.dies[0].ideal if point.dies else None
            row = [_point_text(point.point), str(len(point.dies)), percent(ideal)]
            for moment in MOMENTS:
                share, accuracy = point.share(moment), point.accuracies(moment)
                figures = (accuracy.mean(), accuracy.min()) if len(accuracy) else (None, None)
                proven = (percent_floor(share.by_plan), percent_floor(share.any_time))
                row += [percent(share.fraction, 1), *proven, *map(percent, figures)]
            rows.append(row)
        return [
            f"sweep {self.sweep}: a die is good with an {self.wanted}",
            "before and after learning on chip",
            "",
            *table(rows, head, indent=2),
            "",
            *self._claims(),
            *self._absent(),
            *(["", *self.mixtures] if self.mixtures else []),
            *([f"also in this database: {', '.join(self.other_sweeps)} (--sweep)"] if self.other_sweeps else []),
            *self._worst_lines(),
        ]

    def _claims(self) -> list[str]:
        images = sorted({point.test_samples for point in self.points if point.dies})
        tested = " or ".join(f"{each:,}" for each in images) or "no"
        lines = [
            f"planned: proven at {CONFIDENCE:.0%} if the number of dies was fixed beforehand (Clopper-Pearson).",
            "any time: proven even if dies were added until it looked good (a confidence sequence).",
            f"Both hold for these {tested} test images, each figure on its own.",
        ]
        for each in _ASKED_FOR:
            takes = f"{dies_to_plan(each):,} dies, planned, or {dies_to_prove(each):,} at any time"
            lines.append(f"To claim {100 * each:g} % takes {takes}, all of them good.")
        return lines

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
    flat: dict[str, Any] = {name: told[name] for name in ("dies", "failed", "missing", "test_images", "ideal")}
    for moment in MOMENTS:
        figures = dict(told[moment])
        claims = figures.pop("claims") or {}
        del figures["dies"]
        figures |= {f"proven_{kind}": (claims.get(kind) or {}).get("at_least") for kind in ("fixed_plan", "any_time")}
        flat |= {f"{name}_{moment}": value for name, value in figures.items()}
    return flat


def _point_text(point: Mapping[str, object]) -> str:
    """A point of a sweep, as a person reads it."""
    return ", ".join(f"{name} {level}" for name, level in point.items()) or "the base"
