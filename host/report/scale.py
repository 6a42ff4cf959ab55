"""From values to places on a drawing, and the round numbers that an axis shows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeGuard

_WIDE = 30  # largest over smallest level from which on a logarithm shows them better


@dataclass(frozen=True)
class Scale:
    """A linear map of [low, high] to [start, end]."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)


def round_steps(low: float, high: float, most: int = 6) -> list[float]:
    """At most `most` multiples of 1, 2 or 5 times a power of ten that together enclose [low, high], low < high."""
    exponent = math.floor(math.log10((high - low) / most)) - 1
    while True:
        for factor in (1, 2, 5):
            step = factor * 10.0**exponent
            first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
            if last - first < most:
                # Divided rather than multiplied: 3 / 10 is 0.3, 3 * 0.1 is not.
                per_unit = round(10.0**-exponent) if exponent < 0 else 0
                return [n * factor / per_unit if per_unit else n * step for n in range(first, last + 1)]
        exponent += 1


def positions(levels: Sequence[object], start: float, end: float) -> list[float]:
    """Where the levels of an axis lie between `start` and `end`: numbers to scale, anything else evenly spaced.

    Positive numbers over a wide range are placed by their logarithm. The order is the levels' own.
    """
    if len(levels) == 1:
        return [(start + end) / 2]
    numbers = [float(level) for level in levels if is_number(level)]
    if len(numbers) < len(levels) or min(numbers) == max(numbers):
        numbers = [float(place) for place in range(len(levels))]
    elif min(numbers) > 0 and max(numbers) / min(numbers) > _WIDE:
        numbers = [math.log(number) for number in numbers]
    scale = Scale(min(numbers), max(numbers), start, end)
    return [scale(number) for number in numbers]


def is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)
