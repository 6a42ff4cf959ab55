"""What is known about each point of a sweep so far."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from host.sweep.store import Result, Row, canonical


@dataclass
class PointTally:
    """Counts of a point's dies, and sums over those that are done."""

    point: dict[str, Any]
    planned: int = 0
    done: int = 0
    failed: int = 0
    ideal_sum: float = 0.0
    before_sum: float = 0.0
    after_sum: float = 0.0
    worst_after: float | None = None
    unanswered_sum: float = 0.0  # share of test samples without an answer after learning

    def add(self, result: Row | Result) -> None:
        """Count a die that has been run."""
        if result.status == "failed":
            self.failed += 1
        if result.ideal is None or result.before is None or result.after is None:
            return
        self.done += 1
        self.ideal_sum += result.ideal
        self.before_sum += result.before
        self.after_sum += result.after
        self.worst_after = result.after if self.worst_after is None else min(self.worst_after, result.after)
        self.unanswered_sum += _unanswered(result)

    @property
    def means(self) -> tuple[float, float, float] | None:
        """Accuracy of the ideal chip, before and after learning; None before the first die."""
        sums = (self.ideal_sum, self.before_sum, self.after_sum)
        return tuple(each / self.done for each in sums) if self.done else None  # type: ignore[return-value]

    @property
    def name(self) -> str:
        return name_of(self.point)

    def to_json(self) -> dict[str, Any]:
        ideal, before, after = self.means or (None, None, None)
        return {
            "point": self.point,
            "name": self.name,
            "dies": self.planned,
            "done": self.done,
            "failed": self.failed,
            "ideal": ideal,
            "before": before,
            "after": after,
            "worst_after": self.worst_after,
            "unanswered": self.unanswered_sum / self.done if self.done else None,
        }


def _unanswered(result: Row | Result) -> float:
    """The share of test samples to which no output neuron fired after learning."""
    text = result.summary_text if isinstance(result, Row) else result.summary
    if text is None or not result.test_samples:
        return 0.0
    saturation = json.loads(text).get("saturation", {})
    return saturation.get("test_after", {}).get("abstentions", 0) / result.test_samples  # type: ignore[no-any-return]


def name_of(point: Mapping[str, Any]) -> str:
    return ", ".join(f"{axis} {value}" for axis, value in point.items()) or "all dies"


def tallies(rows: Iterable[Row]) -> dict[str, PointTally]:
    """Per point, in the order of the plan, under its canonical JSON."""
    found: dict[str, PointTally] = {}
    for row in rows:
        tally = found.setdefault(canonical(row.point), PointTally(row.point))
        tally.planned += 1
        tally.add(row)
    return found
