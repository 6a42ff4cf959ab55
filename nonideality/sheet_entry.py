"""What may stand in one entry of a sheet of errors: its shape, its kind of number, its range."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

LEAST = 1e-300  # of what must be positive
MOST = 1e300  # of what is kept as a float64
LARGEST = 1e30  # magnitude of anything on a sheet: far below what a float32 holds


@dataclass(frozen=True, kw_only=True)
class SheetEntry(ABC):
    """One entry: the smallest and the largest number that may stand there, and whether it has to be whole."""

    low: float = -LARGEST
    high: float = LARGEST
    whole: bool = False

    @abstractmethod
    def problem_with(self, value: Any, n_in: int, n_out: int) -> str | None:
        """What is wrong with `value`, on a sheet of so many inputs and neurons; None if nothing is."""

    def _out_of_range(self, values: NDArray[Any]) -> str | None:
        """The same of numbers that have the right shape."""
        wanted = "iu" if self.whole else "iuf"
        if values.dtype.kind not in wanted:
            return f"holds {values.dtype}, not {'whole' if self.whole else 'real'} numbers"
        if values.size == 0 or (self.low <= values.min() and values.max() <= self.high):  # NaN fails both
            return None
        wrong = ~((values >= self.low) & (values <= self.high))
        first = tuple(int(index) for index in np.argwhere(wrong)[0])
        where = f" at {first[0] if len(first) == 1 else first}" if first else ""
        more = f" and {wrong.sum() - 1} more" if wrong.sum() > 1 else ""
        return f"holds {values[first]:g}{where}{more}, and not numbers from {self.low:g} to {self.high:g}"


@dataclass(frozen=True)
class Figure(SheetEntry):
    """One number for the layer."""

    optional: bool = False  # whether None may stand there

    def problem_with(self, value: Any, n_in: int, n_out: int) -> str | None:
        if value is None and self.optional:
            return None
        if isinstance(value, bool) or np.ndim(value) > 0 or not isinstance(value, int | float | np.number):
            return f"is {_named(value)}, and not a number"
        return self._out_of_range(np.asarray(value))


@dataclass(frozen=True)
class Curve(SheetEntry):
    """Numbers at two or more even places (k,), or None."""

    def problem_with(self, value: Any, n_in: int, n_out: int) -> str | None:
        if value is None:
            return None
        if not isinstance(value, np.ndarray):
            return f"is {_named(value)}, and not an array"
        if value.ndim != 1 or len(value) < 2:
            return f"is of shape {value.shape}, and not (k,) with k of at least 2"
        return self._out_of_range(value)


@dataclass(frozen=True)
class _Array(SheetEntry):
    """A number for each of something."""

    ideal: float | bool

    @abstractmethod
    def shapes(self, n_in: int, n_out: int) -> tuple[tuple[int, ...], ...]:
        """Which ones it may have; the first is that of the ideal array."""

    def ideal_array(self, n_out: int) -> NDArray[Any]:
        dtype = np.bool_ if self._truth else np.int_ if self.whole else np.float64
        array = np.empty(self.shapes(0, n_out)[0], dtype)
        array.fill(self.ideal)
        return array

    @property
    def _truth(self) -> bool:
        return isinstance(self.ideal, bool)

    def problem_with(self, value: Any, n_in: int, n_out: int) -> str | None:
        if not isinstance(value, np.ndarray):
            return f"is {_named(value)}, and not an array"
        shapes = tuple(dict.fromkeys(self.shapes(n_in, n_out)))
        if value.shape not in shapes:
            return f"is of shape {value.shape}, and not {' or '.join(map(str, shapes))}"
        if self._truth:
            return None if value.dtype == np.bool_ else f"holds {value.dtype}, not bool"
        return self._out_of_range(value)


@dataclass(frozen=True)
class PerNeuron(_Array):
    """One for each neuron."""

    def shapes(self, n_in: int, n_out: int) -> tuple[tuple[int, ...], ...]:
        return ((n_out,),)


@dataclass(frozen=True)
class PerRow(_Array):
    """One for each input row, the bias not counted; a single one where all are alike."""

    def shapes(self, n_in: int, n_out: int) -> tuple[tuple[int, ...], ...]:
        return ((1,), (n_in,))


@dataclass(frozen=True)
class PerSynapse(_Array):
    """One for each synapse, row n_in being the bias; a single row where a column's synapses are alike."""

    def shapes(self, n_in: int, n_out: int) -> tuple[tuple[int, ...], ...]:
        return ((1, n_out), (n_in + 1, n_out))


def _named(value: Any) -> str:
    return "None" if value is None else f"a {type(value).__name__}"
