"""How much of one imperfection a design bears: the level of an axis up to which the wanted yield is proven."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

from host.errors import SettingError
from host.studies.bisection import Between, Outside, Try, next_step
from host.studies.claims import CONFIDENCE, dies_to_prove, proven_any_time
from host.studies.die_yield import Criterion, Moment, PointYield
from host.studies.sequential import Verdict, judged
from host.terminal import percent, percent_floor, percent_text, table

LEAST_TOLERANCE = 1e-4  # of the range
_USUAL_DIES = 2  # times as many as a proof takes at the least: room for a bad die


@dataclass(frozen=True)
class Question:
    """What is asked: the level of `axis` between `ends`, within `tolerance`, up to which `wanted_yield` is proven."""

    axis: str
    whole: bool  # levels are whole numbers
    ends: tuple[float, float]
    tolerance: float
    wanted_yield: Fraction
    criterion: Criterion
    moment: Moment
    most_dies: int  # per level; a verdict may take fewer

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
        least = dies_to_prove(provable(self.wanted_yield))
        if self.most_dies < least:
            most = percent_floor(proven_any_time(self.most_dies, self.most_dies))
            raise SettingError(
                f"--dies {self.most_dies}: to prove a yield of {percent_text(self.wanted_yield)} takes {least:,} dies"
                f" at a level, all of them good; give --dies {least} or more, or ask for no more than --yield {most}%"
            )

    def judged(self, first_dies: Callable[[int], PointYield | None]) -> Level | None:
        """A level by what becomes of its first dies, asked for as far as its verdict takes; None if that is unknown."""
        found = judged(self.wanted_yield, self.most_dies, self.moment, first_dies)
        return None if found is None else Level(*found)


class Level(NamedTuple):
    """A level that was judged, by these dies."""

    verdict: Verdict
    point: PointYield


def provable(wanted: Fraction) -> float:
    """The wanted yield, if dies can prove or disprove it. Raises SettingError."""
    if wanted == 1:
        raise SettingError(
            f"--yield {percent_text(wanted)} is proven by no number of dies: ask for 99% ({dies_to_prove(0.99):,} dies"
            f" at a level, all of them good) or 99.9% ({dies_to_prove(0.999):,})"
        )
    if wanted == 0:
        raise SettingError(f"--yield {percent_text(wanted)} is reached by any design: ask for more, such as 99%")
    return float(wanted)


def usual_dies(wanted: Fraction) -> int:
    """How many dies a level may take if nobody says so. Raises SettingError if no number proves the yield."""
    return _USUAL_DIES * dies_to_prove(provable(wanted))


@dataclass(frozen=True)
class Limit:
    """The answer, and all levels that it rests on."""

    question: Question
    found: Between | Outside  # of levels that pass and levels that do not: undecided ones are among these
    levels: Mapping[float, Level]  # ascending
    simulated: tuple[float, ...]  # those not known before, in the order in which they were asked for

    def to_json(self) -> dict[str, Any]:
        question, found = self.question, self.found
        moment = question.moment
        return {
            "axis": question.axis,
            "moment": moment,
            "wanted": {
                "yield": float(question.wanted_yield),
                "accuracy": float(question.criterion.limit),
                "relative_to_ideal": question.criterion.relative_to_ideal,
            },
            "between": list(question.ends),
            "tolerance": question.tolerance,
            "limit": found.passes if isinstance(found, Between) else None,
            "fails_at": self.fails_at,
            "undecided": self.undecided,
            "whole_range": self._whole_range(),
            "contradicting": list(found.contradicting),
            "claim": {
                "kind": "any time",
                "method": "sequential test at each level, beta-binomial mixture, one-sided",
                "confidence": CONFIDENCE,
                "test_images": _test_images(self.levels),
            },
            "most_dies": question.most_dies,
            "dies_to_prove": dies_to_prove(float(question.wanted_yield)),
            "levels": [
                {
                    "level": level,
                    "verdict": each.verdict,
                    "good": each.point.good[moment],
                    "dies": len(each.point.dies),
                    "yield": each.point.share(moment).fraction,
                    "at_least": proven_any_time(each.point.good[moment], len(each.point.dies)),
                    "mean": float(each.point.accuracies(moment).mean()),
                    "worst": float(each.point.accuracies(moment).min()),
                    "worst_die": each.point.worst(1, moment)[0].die,
                }
                for level, each in self.levels.items()
            ],
            "simulated": list(self.simulated),
        }

    @property
    def undecided(self) -> list[float]:
        """Levels at which the dies proved neither."""
        return [level for level, each in self.levels.items() if each.verdict == "undecided"]

    @property
    def fails_at(self) -> float | None:
        """The first level beyond the limit that is proven to fail; None if none is, or if there is no limit inside."""
        if not isinstance(self.found, Between):
            return None
        rising = self.found.fails > self.found.passes
        beyond = [
            level for level in self.levels if (level > self.found.passes) == rising and level != self.found.passes
        ]
        failing = [level for level in beyond if self.levels[level].verdict == "fails"]
        return (min if rising else max)(failing, default=None)

    def _whole_range(self) -> Verdict | None:
        """The verdict of both ends, if it is one; None if the limit lies inside."""
        if isinstance(self.found, Between):
            return None
        ends = {self.levels[end].verdict for end in self.question.ends}
        return ends.pop() if len(ends) == 1 else "undecided"

    def lines(self) -> list[str]:
        question = self.question
        head, rows = self._table()
        return [
            f"{question.axis}: {self._answer()}",
            f"wanted: a yield of {percent_text(question.wanted_yield)}, {question.moment} learning on chip; a die is"
            f" good with an {question.criterion}",
            "",
            *table(rows, head, indent=2),
            "",
            *self._caveats(),
        ]

    def _answer(self) -> str:
        axis, (low, high) = self.question.axis, self.question.ends
        if isinstance(self.found, Between):
            fails = "" if self.fails_at is None else f", proven to fail at {self.fails_at:g}"
            return f"proven good up to {self.found.passes:g}, not at {self.found.fails:g}{fails}"
        match self._whole_range():
            case "passes":
                return (
                    f"{axis} {low:g} and {high:g} both reach the wanted yield: the limit lies outside; widen --between"
                )
            case "fails":
                return (
                    f"neither {axis} {low:g} nor {high:g} reaches the wanted yield: there is no such level between them"
                )
        return f"undecided: neither {axis} {low:g} nor {high:g} is proven to reach the wanted yield; give more --dies"

    def _table(self) -> tuple[list[str], list[list[str]]]:
        moment = self.question.moment
        head = [self.question.axis, "good", "yield %", "proven %", "mean %", "worst %", "by die", "verdict"]
        rows = []
        for level, (verdict, point) in self.levels.items():
            share, accuracy, worst = point.share(moment), point.accuracies(moment), point.worst(1, moment)[0]
            rows.append(
                [
                    f"{level:g}",
                    f"{share.good} of {share.dies}",
                    percent(share.fraction, 1),
                    percent_floor(proven_any_time(share.good, share.dies)),
                    percent(float(accuracy.mean())),
                    percent(float(accuracy.min())),
                    str(worst.die),
                    verdict,
                ]
            )
        return head, rows

    def _caveats(self) -> list[str]:
        images = _test_images(self.levels)
        lines = [
            f"Each verdict is wrong in at most {1 - CONFIDENCE:.0%} of such studies, whenever it stops (a sequential"
            f" test); it holds for these {images:,} test images."
        ]
        if self.undecided:
            lines.append(
                f"Undecided with {self.question.most_dies:,} dies: {_listed(self.undecided)}. More --dies may tell."
            )
        lines.append("Assumed: the yield falls, or rises, all along the axis; the same dies stand at each level.")
        if self.found.contradicting:
            lines.append(
                f"Against that assumption: the verdict at {_listed(self.found.contradicting)}. More dies tell whether"
                " that is chance."
            )
        return lines


def _listed(levels: tuple[float, ...] | list[float]) -> str:
    return ", ".join(f"{level:g}" for level in levels)


def _test_images(levels: Mapping[float, Level]) -> int:
    """With which the dies of all levels were tested: a design has one test set."""
    return next(iter(levels.values())).point.test_samples


def find_limit(question: Question, known: Mapping[float, Level], judge: Callable[[float], Level]) -> Limit:
    """Answer `question` by bisection, from the levels `known` and as few more as it takes, one by one.

    Raises SettingError if a level cannot be simulated with every die.
    """
    levels = dict(known)
    asked: list[float] = []
    while True:
        step = next_step(
            {level: each.verdict == "passes" for level, each in levels.items()},
            question.ends,
            question.tolerance,
            question.whole,
        )
        if not isinstance(step, Try):
            return Limit(question, step, dict(sorted(levels.items())), tuple(asked))
        levels[step.level] = judge(step.level)
        asked.append(step.level)
