"""Yield: which fraction of the dies reaches the wanted accuracy, and what that proves."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any, Literal, NamedTuple

import numpy as np

from host.errors import SettingError
from host.studies.claims import claims_json, interval, proven_any_time, proven_by_plan
from host.studies.one_design import OneDesign
from host.sweep import Row

Moment = Literal["before", "after"]  # learning on chip
MOMENTS: tuple[Moment, Moment] = ("before", "after")
_MOST_DECIMALS = 50  # 1e-9999999, written out, has ten million digits


class Die(NamedTuple):
    """What a task found out about one die; accuracies are fractions 0 to 1."""

    task: str
    point: dict[str, Any]
    die: int
    ideal: float
    before: float
    after: float
    key: str = ""  # of the task


@dataclass(frozen=True)
class Criterion:
    """When a die is good: an accuracy of at least `limit`, or of at least the ideal chip's less `limit`.

    Accuracies are compared as whole numbers of samples, so that 0.97 of 100 samples is reached by exactly 97.
    """

    limit: Fraction
    relative_to_ideal: bool = False

    def met(self, accuracy: float, ideal: float, test_samples: int) -> bool:
        correct = round(accuracy * test_samples)
        if self.relative_to_ideal:
            correct -= round(ideal * test_samples)
            return correct * self.limit.denominator >= -self.limit.numerator * test_samples
        return correct * self.limit.denominator >= self.limit.numerator * test_samples

    def __str__(self) -> str:
        percent = f"{float(100 * self.limit):.10g}"
        if self.relative_to_ideal:
            points = "point" if percent == "1" else "points"
            return f"accuracy at most {percent} percentage {points} below the ideal chip's"
        return f"accuracy of at least {percent} %"


def fraction(text: str, name: str) -> Fraction:
    """A number from 0 to 1, also written as a percentage. Exact: 97.1% is 0.971. Raises SettingError."""
    number = text.strip()
    percent = number.endswith("%")
    try:
        written = Decimal(number.removesuffix("%"))
    except InvalidOperation:
        written = Decimal("nan")
    if not written.is_finite():
        raise SettingError(f"{name} {text!r} is not a number: write a fraction such as 0.97, or 97%")
    if not 0 <= written <= (100 if percent else 1):
        hint = f"; did you mean {number}%?" if 1 < written <= 100 and not percent else ""
        raise SettingError(f"{name} {text!r} is not between 0 and 1 (0% and 100%){hint}")
    if abs(int(written.as_tuple().exponent)) > _MOST_DECIMALS:
        raise SettingError(
            f"{name} {text!r} has more than {_MOST_DECIMALS} decimals: write a fraction such as 0.97, or 97%"
        )
    return Fraction(written) / (100 if percent else 1)


def criterion(at_least: str | None, within: str | None) -> Criterion:
    """The criterion from the two ways to word it, of which one must be given. Raises SettingError."""
    if (at_least is None) == (within is None):
        raise SettingError(
            "say when a die is good, in one of two ways: --at-least 0.97 (its accuracy), or --within 0.01 (of the ideal"
            " chip's)"
        )
    if at_least is not None:
        return Criterion(fraction(at_least, "--at-least"))
    assert within is not None
    return Criterion(fraction(within, "--within"), relative_to_ideal=True)


@dataclass(frozen=True)
class Share:
    """`good` of `dies` dies, and what they prove of the probability that a die is good: see `claims`."""

    good: int
    dies: int

    @property
    def fraction(self) -> float | None:
        return self.good / self.dies if self.dies else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Both ends, for a fixed plan; None without dies."""
        return interval(self.good, self.dies)

    @property
    def by_plan(self) -> float | None:
        """The yield that is proven if the number of dies was fixed beforehand; None without dies."""
        return proven_by_plan(self.good, self.dies) if self.dies else None

    @property
    def any_time(self) -> float | None:
        """The same whenever one stops."""
        return proven_any_time(self.good, self.dies) if self.dies else None

    def to_json(self) -> dict[str, Any]:
        claims = claims_json(self.good, self.dies) if self.dies else None
        return {"good": self.good, "dies": self.dies, "yield": self.fraction, "claims": claims}


@dataclass
class PointYield:
    """All dies of one point of a sweep."""

    point: dict[str, Any]
    failed: int = 0
    missing: int = 0  # not run yet, or lost by a passing fault
    dies: list[Die] = field(default_factory=list)  # those with a result, in the order of the sweep
    test_samples: int = 0  # with which all of them were tested
    good: dict[Moment, int] = field(default_factory=lambda: dict.fromkeys(MOMENTS, 0))

    def share(self, moment: Moment) -> Share:
        return Share(self.good[moment], len(self.dies))

    def accuracies(self, moment: Moment) -> np.ndarray[Any, np.dtype[np.float64]]:
        return np.array([getattr(die, moment) for die in self.dies], np.float64)

    def worst(self, count: int, moment: Moment = "after") -> list[Die]:
        """The dies with the lowest accuracy, equals by seed."""
        return sorted(self.dies, key=lambda die: (getattr(die, moment), die.die))[:count]


def yields(rows: Iterable[Row], wanted: Criterion) -> list[PointYield]:
    """Per point, in the order of the sweep, what became of its dies.

    Raises SweepError if the dies of a point are not of one design and one test set: no yield is theirs.
    """
    points: dict[str, PointYield] = {}
    designs = OneDesign()
    for row in rows:
        point = points.setdefault(json.dumps(row.point, sort_keys=True), PointYield(row.point))
        if row.status == "failed":
            point.failed += 1
        elif row.status in ("missing", "lost"):
            point.missing += 1
        else:
            designs.check(row)
            # Not the row itself: its texts would fill the memory.
            figures = (_figure(row.ideal), _figure(row.before), _figure(row.after))
            die = Die(row.task, row.point, row.die, *figures, row.key)
            point.dies.append(die)
            point.test_samples = int(_figure(row.test_samples))
            for moment in MOMENTS:
                point.good[moment] += wanted.met(getattr(die, moment), die.ideal, int(_figure(row.test_samples)))
    return list(points.values())


def _figure(value: float | None) -> float:
    assert value is not None, "a task that is done has all its figures"
    return value
