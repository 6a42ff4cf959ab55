"""A figure of a bench under a name of its own, so that a later run can be compared with it (host.bench.record)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Speed:
    """Samples per second in the fastest repeat and in the median one."""

    best: float
    median: float

    @staticmethod
    def of(samples: int, seconds: Sequence[float]) -> Speed:
        return Speed(samples / min(seconds), samples / median(seconds))


@dataclass(frozen=True)
class Reading:
    """One figure of a bench."""

    figure: str  # name that no other figure of the bench has, and that stays
    value: float  # best repeat
    unit: str
    higher_is_better: bool = True
    share: float | None = None  # of the limit that it was measured against
    median: float | None = None  # over repeats; None if there was one value
    images: str | None = None  # what was shown, where that depends on the files found

    @staticmethod
    def of_speed(what: str, unit: str, speed: Speed, share: float | None = None, images: str | None = None) -> Reading:
        return Reading(f"{what}: {unit}", speed.best, unit, True, share, speed.median, images)


def threads_text(count: int) -> str:
    return f"{count} thread" if count == 1 else f"{count} threads"
