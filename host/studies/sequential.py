"""One level's verdict by a sequential test: dies one after the other, until the wanted yield is proven or disproven."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Literal

from host.studies.claims import dies_to_prove, disproves, proves
from host.studies.die_yield import Moment, PointYield

Verdict = Literal["passes", "fails", "undecided"]
_FIRST_LOOK = 8  # dies
_GROWTH = 1.5  # from look to look; what is new is simulated at once


def verdict(good: int, dies: int, wanted: Fraction) -> Verdict:
    """Of a level, whenever one looks: each of the two that decide is wrong in at most 1 - CONFIDENCE of all studies."""
    level = float(wanted)
    if proves(good, dies - good, level):
        return "passes"
    return "fails" if disproves(good, dies - good, level) else "undecided"


def looks(wanted: Fraction, most: int) -> Iterator[int]:
    """Numbers of dies after which a level is judged, up to `most`; one is the least that can prove `wanted`."""
    least, dies = dies_to_prove(float(wanted)), min(_FIRST_LOOK, most)
    while dies < most:
        yield dies
        grown = int(_GROWTH * dies) + 1
        dies = least if dies < least < grown else grown
    yield most


def judged(
    wanted: Fraction, most: int, moment: Moment, first_dies: Callable[[int], PointYield | None]
) -> tuple[Verdict, PointYield] | None:
    """A level's verdict with the dies that it rests on.

    first_dies: what became of the first n dies; None if that is not known. The answer is then None, too.
    """
    for dies in looks(wanted, most):
        point = first_dies(dies)
        if point is None:
            return None
        found = verdict(point.good[moment], dies, wanted)
        if found != "undecided" or dies == most:
            return found, point
    raise AssertionError("the last look is at `most` dies")
