"""Presynaptic traces: what is left of an input row's spikes, for learning circuits that remember them.

Eq. 10 of Yang et al. 2022 writes the rows that spike in this very step, x_j = S_j[t-1]. Where a current outlasts its
spike or an input spikes only once in a window, an error comes later than the spike that caused it. With a trace on
each row, x_j[t] = e^(-1 / tau) x_j[t-1] + S_j[t-1] takes the spike's place. The bias keeps an x of 1.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from chipsim.layout.tables import Events, row_type
from chipsim.simd import aligned, outlined

_ONE = np.float32(1)
_NOWHERE = np.int32(-1)


class EligibilityTraces(NamedTuple):
    """The rows that have spiked in this window, in the form of a constant current's events."""

    rows: Events  # of one window: at step t, rows[0, :end[0, t]] have the traces amplitude[0]
    place: Any  # (n_in,) int32, where a row stands in that list; -1: it has not spiked
    offset: Events  # of every row, its trace less an offset, in the same form


def new_eligibility_traces(n_in: int, steps: int) -> EligibilityTraces:
    """Room for the traces of n_in rows."""
    traces = EligibilityTraces(_room(n_in, steps), aligned((n_in,), np.int32), _room(n_in, steps))
    traces.offset.rows[0] = np.arange(n_in)
    traces.offset.end[:] = n_in
    return traces


def _room(n_in: int, steps: int) -> Events:
    return Events(
        rows=aligned((1, n_in), row_type(n_in)),
        begin=aligned((1, steps), np.int32),
        end=aligned((1, steps), np.int32),
        amplitude=aligned((1, n_in), np.float32),
    )


@outlined
def follow_spikes(traces, events, s, t, decay):
    """Let step t of window s leave its traces, step after step from t = 0 on. Returns how many rows have one."""
    rows, level = traces.rows.rows[0], traces.rows.amplitude[0]
    place = traces.place
    constant_current = len(events.amplitude) > 0
    if t == 0:
        place[:] = _NOWHERE
    n = np.int64(traces.rows.end[0, t - 1]) if t > 0 else np.int64(0)
    for k in range(n):
        level[k] *= decay
    for e in range(events.begin[s, t], events.end[s, t]):
        row = events.rows[s, e]
        if place[row] == _NOWHERE:
            place[row] = np.int32(n)
            rows[n] = row
            level[n] = np.float32(0)
            n += 1
        level[place[row]] += events.amplitude[s, e] if constant_current else _ONE
    traces.rows.end[0, t] = np.int32(n)
    return n


@outlined
def take_offset(traces, t, offset):
    """Every row's trace at step t, as `follow_spikes` has left it, less the offset: in `traces.offset`."""
    level = traces.offset.amplitude[0]
    for j in range(len(level)):
        level[j] = -offset
    for k in range(traces.rows.end[0, t]):
        level[traces.rows.rows[0, k]] = traces.rows.amplitude[0, k] - offset
