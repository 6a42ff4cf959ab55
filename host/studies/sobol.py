"""Variance-based sensitivity: a quasi-random design over ranges, and Sobol indices with intervals from its answers.

Saltelli's design (Saltelli et al. 2010, doi 10.1016/j.cpc.2009.09.018): two independent sets of samples, A and B, and
per factor a copy of A in which that factor alone is taken from B. The die is a factor like any other: each sample of A
and of B has a die of its own, and one block changes nothing but the die. So the luck of the draw is neither counted as
an imperfection's share nor lost, but has indices of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nonideality import stream

CONFIDENCE = 0.95
_RESAMPLES = 999


@dataclass(frozen=True)
class Range:
    """One axis: every level between two ends is as likely as any other."""

    name: str
    mild: float
    severe: float
    whole: bool = False  # only whole levels; both ends included

    def level(self, place: float) -> float:
        """The level at `place` in [0, 1), with six digits, so that a command can name it."""
        if self.whole:
            low, high = sorted((int(self.mild), int(self.severe)))
            return low + int(place * (high - low + 1))
        return float(f"{self.mild + place * (self.severe - self.mild):.6g}")


@dataclass(frozen=True)
class Sample:
    """One chip to simulate."""

    levels: tuple[float, ...]  # of each range
    die: int


@dataclass(frozen=True)
class SobolDesign:
    """`n` (a power of two) rows of `width` samples: A, B, then A with one factor from B, the die last.

    A design of more rows begins with the rows of a smaller one.
    """

    ranges: tuple[Range, ...]
    n: int
    first_die: int
    seed: int

    @property
    def width(self) -> int:
        return len(self.ranges) + 3

    @property
    def factors(self) -> tuple[str, ...]:
        return (*(axis.name for axis in self.ranges), "die")

    def samples(self) -> Iterator[Sample]:
        """All samples, row by row."""
        from scipy.stats import qmc

        k = len(self.ranges)
        rng = stream("sensitivity design", self.seed, k)
        places: NDArray[np.float64] = qmc.Sobol(2 * k, rng=rng).random(self.n)  # scrambled
        for row, place in enumerate(places):
            a = tuple(axis.level(u) for axis, u in zip(self.ranges, place[:k], strict=True))
            b = tuple(axis.level(u) for axis, u in zip(self.ranges, place[k:], strict=True))
            die_a, die_b = self.first_die + 2 * row, self.first_die + 2 * row + 1
            yield Sample(a, die_a)
            yield Sample(b, die_b)
            for i in range(k):
                yield Sample((*a[:i], b[i], *a[i + 1 :]), die_a)
            yield Sample(a, die_b)


@dataclass(frozen=True)
class Index:
    """One factor's share of the variance, with its interval at CONFIDENCE (percentile bootstrap over rows)."""

    value: float
    low: float
    high: float

    def to_json(self) -> dict[str, float]:
        return {"value": self.value, "low": self.low, "high": self.high}


@dataclass(frozen=True)
class Indices:
    """Of one factor. First order: alone; total: interactions included. A share is 1 if nothing else matters."""

    first: Index
    total: Index


def indices(answers: NDArray[np.float64], seed: int) -> list[Indices] | None:
    """Per factor its Sobol indices, from the answer to every sample, (n, width). None if all answers are the same."""
    from scipy.stats import bootstrap, sobol_indices

    if np.ptp(answers) == 0:
        return None

    def of_rows(rows: NDArray[np.int64]) -> NDArray[np.float64]:
        f = answers[rows].T[:, None]  # (width, 1, n), as scipy wants it
        with np.errstate(invalid="ignore", divide="ignore"):  # a resample may happen to hold one answer only
            result = sobol_indices(func={"f_A": f[0], "f_B": f[1], "f_AB": f[2:]}, n=len(rows))
        return np.stack([np.ravel(result.first_order), np.ravel(result.total_order)])

    every = np.arange(len(answers))
    value = of_rows(every)
    interval = bootstrap(
        (every,),
        of_rows,
        n_resamples=_RESAMPLES,
        vectorized=False,
        confidence_level=CONFIDENCE,
        method="percentile",
        rng=stream("sensitivity bootstrap", seed),
    ).confidence_interval
    table = np.stack([value, interval.low, interval.high], axis=-1)  # (2, factors, 3)
    return [Indices(Index(*map(float, first)), Index(*map(float, total))) for first, total in zip(*table, strict=True)]
