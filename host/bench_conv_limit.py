"""The machine's limit on layers that see images: the rows that their positions really add and write.

A visit of a position adds its own list of rows, as long as what it sees is busy, and the processor cannot guess that
length. So the limit takes lists from a run of the chip rather than lists of one length. A constant current's rows are
multiplied by their amplitudes, in the limit as on the chip. The bias, which every visit adds and writes, is not in it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from chipsim.blocks import padded_width
from chipsim.crossbar import add_graded_rows
from chipsim.jit import kernel
from chipsim.layers import LayerShape
from chipsim.memory import aligned
from host.bench_conv_workload import windows_of
from host.bench_limit import LayerLimit, SpikeLists, lists_of_spikes
from learning_circuit.update_unit import write_rows_graded
from nonideality.streams import stream

_VISITS = 4096  # of a crossbar, in a run of the limit


def visits_of(shape: LayerShape, spikes: NDArray[np.uint8]) -> SpikeLists:
    """Rows that a layer's positions see of spikes (T, n_in), a window with one step for each visit; some thousands."""
    seen = windows_of(spikes, shape).reshape(-1, shape.rows)
    some = np.sort(stream("visits of the limit").permutation(len(seen))[:_VISITS])
    return lists_of_spikes(seen[some, None])


class CurrentLimit(LayerLimit):
    """The limit of a layer whose input is a constant current: every row has an amplitude."""

    def __init__(self, weight: NDArray[np.float32], visits: SpikeLists, threads: int) -> None:
        super().__init__(weight, visits, 0, threads)
        self._amplitude = np.full(len(visits.rows), 0.5, np.float32)
        self._gain = aligned((1, padded_width(weight.shape[1])), np.float32)

    def add(self) -> None:
        self._all(lambda own: _add(own.whole.current, own.whole.weight, self._amplitude, *self.spikes))

    def add_plainly(self) -> None:
        self._all(lambda own: _add_plainly(own.whole.current, own.whole.weight, self._amplitude, *self.spikes))

    def write(self) -> None:
        self._all(lambda own: _write(own.whole.weight, self._gain, own.whole.pulse, self._amplitude, *self.spikes))

    def write_plainly(self) -> None:
        self._all(lambda own: _write_plainly(own.whole.weight, own.whole.pulse, self._amplitude, *self.spikes))


@kernel
def _add(current, weight, amplitude, rows, begin, end):  # type: ignore[no-untyped-def]
    for s in range(len(begin)):
        some = slice(begin[s, 0], end[s, 0])
        current[:] = np.float32(0)
        add_graded_rows(current, weight, rows[some], amplitude[some])


@kernel
def _add_plainly(current, weight, amplitude, rows, begin, end):  # type: ignore[no-untyped-def]
    for s in range(len(begin)):
        current[:] = np.float32(0)
        for k in range(begin[s, 0], end[s, 0]):
            synapses, x = weight[rows[k]], amplitude[k]
            for i in range(len(current)):
                current[i] += x * synapses[i]


@kernel
def _write(weight, gain, pulse, amplitude, rows, begin, end):  # type: ignore[no-untyped-def]
    for s in range(len(begin)):
        some = slice(begin[s, 0], end[s, 0])
        write_rows_graded(weight, gain, rows[some], amplitude[some], pulse)


@kernel
def _write_plainly(weight, pulse, amplitude, rows, begin, end):  # type: ignore[no-untyped-def]
    for s in range(len(begin)):
        for k in range(begin[s, 0], end[s, 0]):
            synapses, x = weight[rows[k]], amplitude[k]
            for i in range(len(pulse)):
                synapses[i] += pulse[i] * x
