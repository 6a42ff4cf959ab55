"""How much of one imperfection a design bears: the level of an axis up to which the wanted yield is reached."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from host.errors import SettingError
from host.studies.bisection import Between, Outside, Try, next_step
from host.studies.die_yield import CONFIDENCE, Criterion, Moment, PointYield, dies_to_claim
from host.terminal import percent, percent_interval, table

LEAST_TOLERANCE = 1e-4  # of the range


@dataclass(frozen=True)
class Question:
    """What is asked: the level of `axis` between `ends`, to within `tolerance`, at which `wanted_yield` is lost."""

    axis: str
    whole: bool  # levels are whole numbers
    ends: tuple[float, float]
    tolerance: float
    wanted_yield: Fraction
    criterion: Criterion
    moment: Moment

    def __post_init__(self) -> None:
        low, high = self.ends
        if not -math.inf < low < high < math.inf:
            raise SettingError(f"--between {low:g},{high:g}: write two numbers, the smaller first, such as 0,1")
        if self.whole and not (low == int(low) and high == int(high)):
            raise SettingError(f"--between {low:g},{high:g}: {self.axis} has whole levels only")
        if not self.tolerance >= LEAST_TOLERANCE * (high - low):
            raise SettingError(
                f"--tolerance {self.tolerance:g} is not a number of at least {LEAST_TOLERANCE * (high - low):g}, a"
                f" {1 / LEAST_TOLERANCE:,.0f}th of the range from {low:g} to {high:g}"
            )

    def passes(self, point: PointYield) -> bool:
        share = point.share(self.moment)
        return share.good * self.wanted_yield.denominator >= self.wanted_yield.numerator * share.dies


@dataclass(frozen=True)
class Limit:
    """The answer, and all levels that it rests on."""

    question: Question
    found: Between | Outside
    levels: Mapping[float, PointYield]  # ascending
    simulated: tuple[float, ...]  # those not known before, in the order in which they were asked for

    def to_json(self) -> dict[str, Any]:
        question, found = self.question, self.found
        inside = isinstance(found, Between)
        return {
            "axis": question.axis,
            "moment": question.moment,
            "wanted": {
                "yield": float(question.wanted_yield),
                "accuracy": float(question.criterion.limit),
                "relative_to_ideal": question.criterion.relative_to_ideal,
            },
            "between": list(question.ends),
            "tolerance": question.tolerance,
            "limit": found.passes if isinstance(found, Between) else None,
            "fails_at": found.fails if isinstance(found, Between) else None,
            "whole_range": None if inside else ("passes" if found.passes else "fails"),
            "contradicting": list(found.contradicting),
            "confidence": CONFIDENCE,
            "claimable_yield": self._claimable(),
            "dies_to_claim": dies_to_claim(float(question.wanted_yield)) if question.wanted_yield < 1 else None,
            "levels": [
                {
                    "level": level,
                    **point.share(question.moment).to_json(),
                    "passes": question.passes(point),
                    "mean": float(point.accuracies(question.moment).mean()),
                    "worst": float(point.accuracies(question.moment).min()),
                    "worst_die": point.worst(1, question.moment)[0].die,
                }
                for level, point in self.levels.items()
            ],
            "simulated": list(self.simulated),
        }

    def _claimable(self) -> float | None:
        """The yield that the dies at the limit prove: the lower end of their interval."""
        if not isinstance(self.found, Between):
            return None
        ends = self.levels[self.found.passes].share(self.question.moment).interval
        return None if ends is None else ends[0]

    def lines(self) -> list[str]:
        question = self.question
        wanted = f"a yield of {percent(float(question.wanted_yield), 4).rstrip('0').rstrip('.')} %"
        head, rows = self._table()
        return [
            f"{question.axis}: {self._answer()}",
            f"wanted: {wanted}, {question.moment} learning on chip; a die is good with an {question.criterion}",
            "",
            *table(rows, head, indent=2),
            "",
            *self._caveats(wanted),
        ]

    def _answer(self) -> str:
        axis, (low, high) = self.question.axis, self.question.ends
        if isinstance(self.found, Between):
            return f"good up to {self.found.passes:g}, no more at {self.found.fails:g}"
        if self.found.passes:
            return f"{axis} {low:g} and {high:g} both reach the wanted yield: the limit lies outside; widen --between"
        return f"neither {axis} {low:g} nor {high:g} reaches the wanted yield: there is no such level between them"

    def _table(self) -> tuple[list[str], list[list[str]]]:
        moment = self.question.moment
        head = [self.question.axis, "good", "yield %", f"{CONFIDENCE:.0%} interval", "mean %", "worst %", "by die", ""]
        rows = []
        for level, point in self.levels.items():
            share, accuracy, worst = point.share(moment), point.accuracies(moment), point.worst(1, moment)[0]
            rows.append(
                [
                    f"{level:g}",
                    f"{share.good} of {share.dies}",
                    percent(share.fraction, 1),
                    percent_interval(share.interval),
                    percent(float(accuracy.mean())),
                    percent(float(accuracy.min())),
                    str(worst.die),
                    "passes" if self.question.passes(point) else "fails",
                ]
            )
        return head, rows

    def _caveats(self, wanted: str) -> list[str]:
        lines = []
        claimable = self._claimable()
        if claimable is not None and claimable < self.question.wanted_yield:
            dies = next(iter(self.levels.values())).share(self.question.moment).dies
            line = (
                f"With {dies} dies no more than a yield of {100 * claimable:.1f} % is proven (Wilson, {CONFIDENCE:.0%})"
            )
            if self.question.wanted_yield < 1:
                least = dies_to_claim(float(self.question.wanted_yield))
                line += f"; to prove {wanted} takes {least:,} dies or more, even if all are good"
            lines.append(line + ".")
        lines.append("Assumed: the yield falls, or rises, all along the axis; the same dies stand at each level.")
        if self.found.contradicting:
            levels = ", ".join(f"{level:g}" for level in self.found.contradicting)
            lines.append(f"Against that assumption: the verdict at {levels}. More dies tell whether that is chance.")
        return lines


def find_limit(question: Question, known: Mapping[float, PointYield], simulate: Callable[[float], PointYield]) -> Limit:
    """Answer `question` by bisection, from the levels `known` and as few more as it takes, one by one.

    Raises SettingError if a level cannot be simulated with every die.
    """
    levels = dict(known)
    asked: list[float] = []
    while True:
        step = next_step(
            {level: question.passes(point) for level, point in levels.items()},
            question.ends,
            question.tolerance,
            question.whole,
        )
        if not isinstance(step, Try):
            return Limit(question, step, dict(sorted(levels.items())), tuple(asked))
        levels[step.level] = simulate(step.level)
        asked.append(step.level)
