"""Spike counts that stay on the chip until somebody looks at them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import overload

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.float32]


class CountsOnRequest(Sequence[Counts]):
    """Per layer (S, n_out) spike counts; a layer's are read, once, when it is looked at."""

    def __init__(self, n_layers: int, read: Callable[[list[int]], list[Counts]]) -> None:
        """read: asks the chip for the counts of some layers, numbered from 1."""
        self._layers: list[Counts | None] = [None] * n_layers
        self._read_from_chip = read

    def __len__(self) -> int:
        return len(self._layers)

    @overload
    def __getitem__(self, index: int) -> Counts: ...
    @overload
    def __getitem__(self, index: slice) -> list[Counts]: ...
    def __getitem__(self, index: int | slice) -> Counts | list[Counts]:
        wanted = range(len(self))[index]
        if isinstance(wanted, int):
            return self._read([wanted])[0]
        return self._read(list(wanted))

    def __iter__(self) -> Iterator[Counts]:
        return iter(self._read(list(range(len(self)))))

    def _read(self, places: list[int]) -> list[Counts]:
        missing = [place for place in places if self._layers[place] is None]
        if missing:
            for place, read in zip(missing, self._read_from_chip([place + 1 for place in missing]), strict=True):
                self._layers[place] = read
        return [counts for place in places if (counts := self._layers[place]) is not None]
