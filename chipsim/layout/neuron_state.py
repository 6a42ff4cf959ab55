"""Working state of a block of columns: room that kernels write within a window, laid out once."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from chipsim.layout.eligibility import EligibilityTraces, new_eligibility_traces
from chipsim.simd import LANES, ListedRows, placed, room_for_rows


class MissState(NamedTuple):
    """Of accumulators that miss spikes, see chipsim.kernel.missed_counts; arrays (n,)."""

    before: Any  # float32, spikes that are counted before the next missed one
    so_far: Any  # int32, missed in this window
    words: Any  # (4, n) uint32, random words
    one_word: Any  # (4, 1) uint32


class Writing(NamedTuple):
    """Of writes into the open columns alone, see chipsim.kernel.write_open_columns; the first n_open entries of three
    count.
    """

    open: Any  # (n + LANES,) int32, which columns are open
    opened: Any  # (n,) float32, their pulses
    row_pulse: Any  # (n,) float32, what of them reaches the synapses of one row
    numbers: Any  # (n,) int32, 0 and up
    listed: ListedRows
    words: Any  # (2, n) uint32, random words of this window's writes


class NeuronState(NamedTuple):
    """Working state of a block of n columns within a window, all (n,) float32 unless said otherwise."""

    drive: Any  # what the crossbar delivers in this step
    synaptic: Any  # exponential current, where there is one
    current: Any  # either of them with noise
    noise: Any  # (4, n), of four steps
    words: Any  # (4, n) uint32, random words behind noise or dither
    membrane: Any
    spiked: Any  # S[t-1], 0 or 1
    count: Any
    target_count: Any
    pulse: Any
    scaled: Any  # pulse times a column's common gain
    dither: Any  # (4, n), of four steps
    all_spikes: Any  # what an accumulator would hold that misses none; used only where some do
    miss_state: MissState
    writing: Writing
    nothing: Any  # (0,) amplitudes of spikes
    eligibility: EligibilityTraces  # of the input rows


def _never_missing(n: int) -> NDArray[np.float32]:
    """(n,) spikes before the next missed one, where none is ever missed: only `start_missing` says otherwise."""
    before = placed(10, (n,), np.float32)
    before[:] = np.inf
    return before


def new_neuron_state(n: int, n_in: int, steps: int) -> NeuronState:
    """Room for a block of n columns of n_in synapses and a bias. steps: of a window; 0 where no rows leave traces.

    Kernels cannot allocate: they are compiled without reference counts.
    """
    one, four = (n,), (4, n)
    f, u = np.float32, np.uint32
    return (
        NeuronState(  # what is written step by step at even places, what is only read (see column_blocks) at odd ones
            membrane=placed(0, one, f),
            spiked=placed(2, one, f),
            count=placed(4, one, f),
            target_count=placed(8, one, f),
            pulse=placed(10, one, f),
            drive=placed(12, one, f),
            current=placed(12, one, f),
            synaptic=placed(14, one, f),
            scaled=placed(14, one, f),
            noise=placed(11, four, f),
            words=placed(13, four, u),
            dither=placed(15, four, f),
            all_spikes=placed(4, one, f),
            miss_state=MissState(
                before=_never_missing(n),
                so_far=placed(12, one, np.int32),
                words=placed(13, four, u),
                one_word=np.zeros((4, 1), u),
            ),
            writing=Writing(
                open=placed(0, (n + LANES,), np.int32),
                opened=placed(2, one, f),
                row_pulse=placed(4, one, f),
                numbers=np.arange(n, dtype=np.int32),
                listed=room_for_rows(n_in + 1),
                words=placed(13, (2, n), u),
            ),
            nothing=np.zeros(0, f),
            eligibility=new_eligibility_traces(n_in, steps),
        )
    )
