"""Working state of a block of columns: room that kernels write within a window, laid out once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from chipsim.layout.eligibility import EligibilityTraces, new_eligibility_traces
from chipsim.layout.tables import Events, row_type
from chipsim.simd import LANES, ListedRows, aligned, placed, room_for_rows
from learning_circuit import Field


class MissState(NamedTuple):
    """Of accumulators that miss spikes, see chipsim.kernel.missed_counts."""

    so_far: Any  # (Q, n) int32, missed in this window
    words: Any  # (Q, 4, n) uint32, the first four random words of this window's


class Writing(NamedTuple):
    """Of writes into the open columns alone, see chipsim.kernel.write_open_columns; the first n_open entries of three
    count.
    """

    open: Any  # (n + LANES,) int32, which columns are open
    vectors: Any  # (n / LANES,) uint64, where the sixteens begin that have an open column
    opened: Any  # (n,) float32, their pulses
    turned: Any  # (n,) float32, the same in rows that carry less than 0
    row_pulse: Any  # (n,) float32, what of them reaches the synapses of one row
    numbers: Any  # (n,) int32, 0 and up
    listed: ListedRows
    words: Any  # (Q, 2, n) uint32, random words of this window's writes


class NeuronState(NamedTuple):
    """Working state of a block of n columns within a window, of Q positions that take each step in turn."""

    state: Any  # (Q, F, n) float32, a row for each field
    starts: Any  # (F,) float32, what each row is when a window begins
    shown: Any  # (f,) int64, the field that probes show as their f-th: a row of `state` or, from F on, of what lasts
    noise: Any  # (Q, 4, n) float32, of four steps
    dither: Any  # (Q, 4, n) float32, of four steps
    words: Any  # (4, n) uint32, random words behind either
    delivered: Any  # (Q,) int64, after how many writes each one's constant current was delivered
    miss_state: MissState
    writing: Writing
    nothing: Any  # (0,) amplitudes of spikes
    eligibility: EligibilityTraces  # of the input rows
    every_row: Events  # of one window, at all steps


def new_neuron_state(
    fields: tuple[Field, ...], shown: Sequence[int], n_positions: int, n: int, n_in: int, steps: int
) -> NeuronState:
    """Room for a block of n columns of n_in synapses and a bias.

    fields: the rows of its state; shown: as `NeuronState`; n_positions: Q; steps: of a window; 0 where no rows leave
    traces, nor all are written. Kernels cannot allocate: they are compiled without reference counts.
    """
    f, u = np.float32, np.uint32
    many = (n_positions, len(fields), n)
    return NeuronState(  # at a place of the page where no table is, see chipsim.layout.column_blocks
        state=placed(8, many, f),
        starts=np.array([field.start for field in fields], f),
        shown=np.array(shown, np.int64),
        noise=placed(12, (n_positions, 4, n), f),
        dither=placed(14, (n_positions, 4, n), f),
        words=placed(4, (4, n), u),
        delivered=np.zeros(n_positions, np.int64),
        miss_state=MissState(
            so_far=placed(12, (n_positions, n), np.int32),
            words=placed(4, (n_positions, 4, n), u),
        ),
        writing=Writing(
            open=placed(0, (n + LANES,), np.int32),
            vectors=np.zeros(n // LANES, np.uint64),
            opened=placed(2, (n,), f),
            turned=placed(6, (n,), f),
            row_pulse=placed(4, (n,), f),
            numbers=np.arange(n, dtype=np.int32),
            listed=room_for_rows(n_in + 1),
            words=placed(4, (n_positions, 2, n), u),
        ),
        nothing=np.zeros(0, f),
        eligibility=new_eligibility_traces(n_in if steps else 0, steps),
        every_row=_every_row(n_in if steps else 0, steps),
    )


def _every_row(n_in: int, steps: int) -> Events:
    rows = aligned((1, n_in), row_type(n_in))
    rows[0] = np.arange(n_in)
    end = aligned((1, steps), np.int32)
    end[:] = n_in
    return Events(rows, aligned((1, steps), np.int32), end, np.zeros((0, 0), np.float32))
