"""The machine's limit on layers that see images: the rows that their positions really add and write.

A visit of a position adds its own list of rows, as long as what it sees is busy, and the processor cannot guess that
length. So the limit takes lists from a run of the chip rather than lists of one length. A constant current's rows are
multiplied by their amplitudes, in the limit as on the chip. The bias, which every visit adds and writes, is not in it.

The same rows can be visited in several ways, and which is fastest depends on the crossbar's size and on the number of
threads. The limit is the fastest of them, for adds and for writes by themselves (`ImageRoofline`).
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from math import ceil
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from chipsim.design import LayerShape
from chipsim.kernel import add_constant_current_rows, add_rows
from chipsim.layout import column_ranges, padded_width
from chipsim.simd import kernel, outlined, placed, write_constant_current_rows, write_whole_rows
from host.bench.conv_workload import windows_of
from host.bench.roofline import SpikeLists, lists_of_spikes
from nonideality import stream

_VISITS = 4096  # of a crossbar, in a run of the limit
_SYNAPSES = 1 << 27  # a thread takes in a run: some milliseconds, beside which starting the threads is nothing

Kind = Literal["add", "write"]
Kernel = Callable[..., None]


@outlined
def _write_rows_of_constant_current(weight, gain, rows, amplitude, pulse):  # type: ignore[no-untyped-def]
    write_constant_current_rows(pulse, weight, gain, rows, amplitude, 0, len(rows))


def visits_of(shape: LayerShape, spikes: NDArray[np.uint8]) -> SpikeLists:
    """Rows that a layer's positions see of spikes (T, n_in), a window with one step for each visit; some thousands."""
    seen = windows_of(spikes, shape).reshape(-1, shape.rows)
    some = np.sort(stream("visits of the limit").permutation(len(seen))[:_VISITS])
    return lists_of_spikes(seen[some, None])


@dataclass(frozen=True)
class Program:
    """One way of visiting all rows, by all threads at once."""

    kind: Kind
    run: Callable[[], None]
    synapses: int  # that a run adds or writes


class ImageRoofline:
    """Bare row adds and row writes of one layer, in several programs.

    whole: every thread has a crossbar of its own; the chip's routines take its rows whole.
    plain: likewise, by a plain loop over a row's columns.
    blocks: every thread has a crossbar of its own, in blocks of columns as the chip has, and takes block after block.
    divided: there is one crossbar, and threads share out its blocks.
    """

    def __init__(self, n_rows: int, n_columns: int, visits: SpikeLists, constant_current: bool, threads: int) -> None:
        """n_rows: of the crossbar, bias included."""
        self._visits = visits
        self._amplitude = np.full(len(visits.rows) if constant_current else 0, 0.5, np.float32)
        self._pool = ThreadPoolExecutor(threads - 1, "limit") if threads > 1 else None
        blocks = [last - first for first, last in column_ranges(n_columns)]

        def crossbars(widths: list[int]) -> list[_Crossbar]:
            return [_Crossbar(n_rows, n) for n in widths]

        whole = [crossbars([n_columns]) for _ in range(threads)]
        self.programs = {
            **self._both("whole", _CHIPS_OWN, whole),
            **self._both("plain", _PLAIN, whole),
        }
        if len(blocks) > 1:
            own = [crossbars(blocks) for _ in range(threads)]
            self.programs |= self._both("blocks", _CHIPS_OWN, own)
        if len(blocks) >= threads > 1:
            shares = [crossbars(blocks[number::threads]) for number in range(threads)]
            self.programs |= self._both("divided", _CHIPS_OWN, shares)

    def _both(self, name: str, kernels: dict[Kind, Kernel], shares: list[list[_Crossbar]]) -> dict[str, Program]:
        return {f"{kind}, {name}": self._program(kind, kernel, shares) for kind, kernel in kernels.items()}

    def _program(self, kind: Kind, kernel: Kernel, shares: list[list[_Crossbar]]) -> Program:
        """shares: of each thread."""
        columns = sum(own.n_columns for share in shares for own in share)
        synapses = self._visits.spikes() * columns
        rounds = ceil(_SYNAPSES * len(shares) / max(synapses, 1))

        def take(share: list[_Crossbar]) -> None:
            for own in share:
                kernel(own.current, own.weight, own.gain, own.pulse, self._amplitude, *self._visits, rounds)

        def run() -> None:
            others = [self._pool.submit(take, share) for share in shares[1:]] if self._pool else []
            take(shares[0])
            for other in others:
                other.result()

        return Program(kind, run, synapses * rounds)


class _Crossbar:
    """Arrays that a program reads and writes, at places of a page as the chip's are (see `chipsim.simd.memory`)."""

    def __init__(self, n_rows: int, n_columns: int) -> None:
        n = padded_width(n_columns)
        self.n_columns = n_columns
        self.weight = placed(0, (n_rows, n), np.float32)
        self.gain = placed(3, (1, n), np.float32)
        self.pulse = placed(10, (n,), np.float32)  # zero: the weights stay what they are, however long the bench runs
        self.current = placed(12, (n,), np.float32)


@kernel
def add(  # type: ignore[no-untyped-def]
    current, weight, gain, pulse, amplitude, rows, begin, end, rounds
):
    """All visits, `rounds` times over, by the chip's own routine: current (n,) is what the last one adds up to.

    All arrays float32, n a multiple of vectors: weight (n_rows, n), gain (1, n), pulse (n,); amplitude: (k,) beside
    rows (k,), or (0,) for spikes; visit v sees rows[begin[v, 0]:end[v, 0]].
    """
    constant_current = len(amplitude) > 0
    for _ in range(rounds):
        for v in range(len(begin)):
            current[:] = np.float32(0)
            if constant_current:
                some = slice(begin[v, 0], end[v, 0])
                add_constant_current_rows(current, weight, rows[some], amplitude[some])
            else:
                add_rows(current, weight, rows, begin[v, 0], end[v, 0])


@kernel
def add_plainly(  # type: ignore[no-untyped-def]
    current, weight, gain, pulse, amplitude, rows, begin, end, rounds
):
    """As `add`, by plain loops."""
    constant_current = len(amplitude) > 0
    for _ in range(rounds):
        for v in range(len(begin)):
            current[:] = np.float32(0)
            for k in range(begin[v, 0], end[v, 0]):
                synapses, x = weight[rows[k]], amplitude[k] if constant_current else np.float32(1)
                for i in range(len(current)):
                    current[i] += x * synapses[i]


@kernel
def write(  # type: ignore[no-untyped-def]
    current, weight, gain, pulse, amplitude, rows, begin, end, rounds
):
    """All visits, `rounds` times over, write the rows that they see, by the chip's own routine. Arrays: see `add`."""
    constant_current = len(amplitude) > 0
    for _ in range(rounds):
        for v in range(len(begin)):
            if constant_current:
                some = slice(begin[v, 0], end[v, 0])
                _write_rows_of_constant_current(weight, gain, rows[some], amplitude[some], pulse)
            else:
                write_whole_rows(pulse, weight, rows, begin[v, 0], end[v, 0])


@kernel
def write_plainly(  # type: ignore[no-untyped-def]
    current, weight, gain, pulse, amplitude, rows, begin, end, rounds
):
    """As `write`, by plain loops."""
    constant_current = len(amplitude) > 0
    for _ in range(rounds):
        for v in range(len(begin)):
            for k in range(begin[v, 0], end[v, 0]):
                synapses, x = weight[rows[k]], amplitude[k] if constant_current else np.float32(1)
                for i in range(len(pulse)):
                    synapses[i] += pulse[i] * x


_CHIPS_OWN: dict[Kind, Kernel] = {"add": add, "write": write}
_PLAIN: dict[Kind, Kernel] = {"add": add_plainly, "write": write_plainly}
