"""What is known about each point of a sweep so far."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from host.run import canonical
from host.sweep.rows import Result, Row


@dataclass
class PointTally:
    """Counts of a point's dies, and sums over those that are done."""

    point: dict[str, Any]
    planned: int = 0
    done: int = 0
    in_vain: dict[str, int] = field(default_factory=lambda: {"failed": 0, "lost": 0})
    full: int = 0  # dies whose spike accumulators were full at times
    silent: dict[int, int] = field(default_factory=dict)  # hidden layer without a spike -> in how many dies
    ideal_sum: float = 0.0
    before_sum: float = 0.0
    after_sum: float = 0.0
    worst_after: float | None = None
    unanswered_sum: float = 0.0  # share of test samples without an answer after learning

    def add(self, result: Row | Result) -> None:
        """Count a die that has been run."""
        if result.status in self.in_vain:
            self.in_vain[result.status] += 1
        if result.ideal is None or result.before is None or result.after is None:
            return
        self.done += 1
        self.full += result.limits.spikes_not_counted > 0
        for layer in result.limits.silent_layers:
            self.silent[layer] = self.silent.get(layer, 0) + 1
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
            **self.in_vain,
            "ideal": ideal,
            "before": before,
            "after": after,
            "worst_after": self.worst_after,
            "accumulators_full": self.full,
            "silent_layers": {str(layer): dies for layer, dies in sorted(self.silent.items())},
            "unanswered": self.unanswered_sum / self.done if self.done else None,
        }

    def doubts(self) -> list[str]:
        """What makes the figures of these dies doubtful, whatever they are: accumulators that fill, silent layers."""
        found = [f"{self.name}: spike accumulators were full in {self.full:,} of {self.done:,} dies"] * bool(self.full)
        return found + [
            f"{self.name}: hidden layer {layer} did not spike once after learning in {dies:,} of {self.done:,} dies"
            for layer, dies in sorted(self.silent.items())
        ]


def _unanswered(result: Row | Result) -> float:
    """The share of test samples to which no output neuron fired after learning."""
    if isinstance(result, Row):
        facts = result.summary
    else:
        facts = None if result.summary is None else json.loads(result.summary)
    if facts is None or not result.test_samples:
        return 0.0
    saturation = facts["saturation"]
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
