"""The machine's own limit: row adds and row writes of the chip's shapes and types, and nothing else in the loop.

The limit is that of whole rows, in the faster of two programs: the chip's own routine, and one row after the other. So
the chip is measured against the machine, not against its own routines alone. Beside it stand the same rows in blocks
of columns as the chip holds them: with nothing else in the loop, a block's rows stay in the fastest cache.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from chipsim import Events
from chipsim.kernel import add_rows
from chipsim.layout import column_ranges, padded_width, row_type
from chipsim.simd import aligned, kernel, write_whole_rows


class SpikeLists(NamedTuple):
    """The spikes that enter a layer: at step t of window s, rows[begin[s, t]:end[s, t]]."""

    rows: Any  # (k,) of the chip's own type
    begin: Any  # (S, T) int64
    end: Any  # (S, T) int64

    def spikes(self, first_step: int = 0) -> int:
        """Rows named at steps first_step .. T - 1 of all windows."""
        return int((self.end[:, first_step:] - self.begin[:, first_step:]).sum())


def lists_of_events(chunks: list[Events]) -> SpikeLists:
    """The encoders' events of several chunks, in one list."""
    rows = [np.concatenate([chunk.rows[s, : chunk.end[s, -1]] for s in range(len(chunk.rows))]) for chunk in chunks]
    return _lists(np.concatenate(rows), np.concatenate([chunk.end - chunk.begin for chunk in chunks]))


def lists_of_spikes(spikes: NDArray[np.uint8]) -> SpikeLists:
    """From spikes (S, T, n), as a probe sees them."""
    return _lists(np.nonzero(spikes)[2].astype(row_type(spikes.shape[2])), np.count_nonzero(spikes, axis=2))


def _lists(rows: NDArray[np.uint16], counts: NDArray[np.int64]) -> SpikeLists:
    end = np.cumsum(counts.ravel(), dtype=np.int64).reshape(counts.shape)
    return SpikeLists(rows, end - counts, end)


class LayerRoofline:
    """Bare row adds and row writes of one layer, by several threads at once, each on a crossbar of its own."""

    def __init__(self, weight: NDArray[np.float32], spikes: SpikeLists, first_step: int, threads: int) -> None:
        """weight: (n_in + 1, n_out), copied for each thread; first_step: the first at which the chip may write."""
        self.spikes = spikes
        self.n_out = weight.shape[1]
        self.threads = threads
        self.rows_added = spikes.spikes() * threads
        self.rows_written = spikes.spikes(first_step) * threads
        self._first_step = first_step
        self._pool = ThreadPoolExecutor(threads - 1, "limit") if threads > 1 else None
        self._benches = [_OneThread(weight) for _ in range(threads)]

    def add(self) -> None:
        """Every spike's row, by the chip's own routine."""
        self._all(lambda own: self._add_to([own.whole]))

    def add_in_blocks(self) -> None:
        """As `add`, a block of columns after the other."""
        self._all(lambda own: self._add_to(own.blocks))

    def add_plainly(self) -> None:
        """Every spike's row, one at a time."""
        self._all(lambda own: _add_plainly(own.whole.current, own.whole.weight, *self.spikes))

    def write(self) -> None:
        """Every row that spiked from first_step on, by the chip's own routine."""
        self._all(lambda own: self._write_to([own.whole]))

    def write_in_blocks(self) -> None:
        """As `write`, a block of columns after the other."""
        self._all(lambda own: self._write_to(own.blocks))

    def write_plainly(self) -> None:
        """Every row that spiked from first_step on, one at a time."""
        self._all(lambda own: _write_plainly(own.whole.weight, own.whole.pulse, *self.spikes, self._first_step))

    def _add_to(self, crossbars: list[_Crossbar]) -> None:
        for own in crossbars:
            _add(own.current, own.weight, *self.spikes)

    def _write_to(self, crossbars: list[_Crossbar]) -> None:
        for own in crossbars:
            _write(own.weight, own.pulse, *self.spikes, self._first_step)

    def _all(self, work: Callable[[_OneThread], None]) -> None:
        if self._pool is None:
            work(self._benches[0])
            return
        others = [self._pool.submit(work, own) for own in self._benches[1:]]
        work(self._benches[0])
        for other in others:
            other.result()


class _OneThread:
    """A layer's crossbar twice: whole, and in blocks."""

    def __init__(self, weight: NDArray[np.float32]) -> None:
        self.whole = _Crossbar(weight)
        self.blocks = [_Crossbar(weight[:, first:last]) for first, last in column_ranges(weight.shape[1])]


class _Crossbar:
    def __init__(self, weight: NDArray[np.float32]) -> None:
        n = padded_width(weight.shape[1])
        self.weight = aligned((len(weight), n), np.float32)
        self.weight[:, : weight.shape[1]] = weight
        self.current = aligned((n,), np.float32)
        self.pulse = aligned((n,), np.float32)  # zero: the weights stay what they are, however long the bench runs


@kernel
def _add(
    current: NDArray[np.float32],
    weight: NDArray[np.float32],
    rows: NDArray[np.uint16],
    begin: NDArray[np.int64],
    end: NDArray[np.int64],
) -> None:
    for s in range(begin.shape[0]):
        current[:] = np.float32(0)
        for t in range(begin.shape[1]):
            add_rows(current, weight, rows, begin[s, t], end[s, t])


@kernel
def _add_plainly(
    current: NDArray[np.float32],
    weight: NDArray[np.float32],
    rows: NDArray[np.uint16],
    begin: NDArray[np.int64],
    end: NDArray[np.int64],
) -> None:
    for s in range(begin.shape[0]):
        current[:] = np.float32(0)
        for k in range(begin[s, 0], end[s, begin.shape[1] - 1]):
            synapses = weight[rows[k]]
            for i in range(len(current)):
                current[i] += synapses[i]


@kernel
def _write(
    weight: NDArray[np.float32],
    pulse: NDArray[np.float32],
    rows: NDArray[np.uint16],
    begin: NDArray[np.int64],
    end: NDArray[np.int64],
    first_step: int,
) -> None:
    for s in range(begin.shape[0]):
        for t in range(first_step, begin.shape[1]):
            write_whole_rows(pulse, weight, rows, begin[s, t], end[s, t])


@kernel
def _write_plainly(
    weight: NDArray[np.float32],
    pulse: NDArray[np.float32],
    rows: NDArray[np.uint16],
    begin: NDArray[np.int64],
    end: NDArray[np.int64],
    first_step: int,
) -> None:
    for s in range(begin.shape[0]):
        for k in range(begin[s, first_step], end[s, begin.shape[1] - 1]):
            synapses = weight[rows[k]]
            for i in range(len(pulse)):
                synapses[i] += pulse[i]
