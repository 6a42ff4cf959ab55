"""Where along an axis the verdict turns: which level to try next, and when to stop. Knows nothing of chips.

Assumed: harm grows (or falls) along the axis, so that all levels on the mild side of the limit pass and all beyond it
fail. Which side is mild is found out, not assumed: many bits are mild, much mismatch is not. Verdicts that contradict
the assumption are told with the answer, which then is the cautious one: every known level up to it passes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

_PARTS = 4  # of the range
_ROUNDING = 0.1  # by which a middle may be off, see _middle


@dataclass(frozen=True)
class Try:
    """No answer yet: find out about this level."""

    level: float


@dataclass(frozen=True)
class Between:
    """The limit lies between two neighbouring levels: the first passes, the second, nearer to the severe end, fails."""

    passes: float
    fails: float
    contradicting: tuple[float, ...] = ()  # levels beyond `fails` that pass all the same


@dataclass(frozen=True)
class Outside:
    """Both ends of the range have the same verdict, so that the limit is not inside."""

    passes: bool
    contradicting: tuple[float, ...] = ()  # levels inside with the other verdict


def next_step(
    verdicts: Mapping[float, bool], ends: tuple[float, float], tolerance: float, whole: bool
) -> Try | Between | Outside:
    """What to do with the `verdicts` known so far (level -> passes), for a limit within `tolerance` between `ends`.

    whole: levels are whole numbers. The ends are tried only if no change of verdict is known between them. On the
    side that passes no stretch longer than a part of the range goes unlooked at: a dip of the yield should be seen.
    """
    known = sorted(level for level in verdicts if ends[0] <= level <= ends[1])
    changes = sum(verdicts[a] != verdicts[b] for a, b in pairwise(known))
    if changes != 1:
        for end in ends:
            if end not in verdicts:
                return Try(end)
        if verdicts[known[0]] == verdicts[known[-1]]:
            passes = verdicts[known[0]]
            if (
                all(verdicts[level] for level in known)
                and (unseen := _unseen(known, ends, tolerance, whole)) is not None
            ):
                return Try(unseen)
            return Outside(passes, tuple(level for level in known if verdicts[level] != passes))
    mild_first = known if verdicts[known[0]] else known[::-1]
    first_failure = next(i for i, level in enumerate(mild_first) if not verdicts[level])
    passes_at, fails_at = mild_first[first_failure - 1], mild_first[first_failure]
    if abs(fails_at - passes_at) <= (max(1, tolerance) if whole else tolerance):
        if (unseen := _unseen(sorted(mild_first[:first_failure]), ends, tolerance, whole)) is not None:
            return Try(unseen)
        beyond = (level for level in mild_first[first_failure:] if verdicts[level])
        return Between(passes_at, fails_at, tuple(sorted(beyond)))
    return Try(_middle(passes_at, fails_at, whole))


def _unseen(passing: list[float], ends: tuple[float, float], tolerance: float, whole: bool) -> float | None:
    """The middle of a stretch between neighbours, all passing, that is too long to be trusted; None if none is."""
    longest = max((ends[1] - ends[0]) / _PARTS, 1 if whole else tolerance)
    for a, b in pairwise(passing):
        if b - a > longest * (1 + _ROUNDING):
            return _middle(a, b, whole)
    return None


def _middle(a: float, b: float, whole: bool) -> float:
    """A level about half way, strictly between `a` and `b`, with no more digits than that takes."""
    if whole:
        return (int(a) + int(b)) // 2
    # One digit finer than the first in which a and b may differ: at most a twentieth of their distance is lost.
    digits = 1 - math.floor(math.log10(abs(b - a)))
    return round((a + b) / 2, digits)
