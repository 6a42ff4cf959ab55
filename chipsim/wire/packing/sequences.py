"""Constant currents of sequences as they travel: the windows side by side, as currents of one window of L n_in rows.

Row w n_in + j of it is row j of window w. Spikes of a sequence are those of one window of L T steps.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from chipsim.design import ChipSpec
from chipsim.layout import Events, row_type


def event_shape(spec: ChipSpec, constant_current: bool) -> tuple[int, int]:
    """Rows and steps of a presentation's events as they travel."""
    return spec.layer_sizes[0] * (spec.windows if constant_current else 1), spec.presentation_steps


def side_by_side(spec: ChipSpec, events: Events) -> Events:
    """Constant currents (S, L T) as they travel. They must fit the spec."""
    n_in, edges = spec.layer_sizes[0], slice(None, None, spec.steps)
    begin, end = events.begin[:, edges].astype(np.int64), events.end[:, edges].astype(np.int64)
    lengths = end - begin  # (S, L)
    total = lengths.sum(axis=1)
    n, most = len(begin), max(1, int(total.max(initial=0)))
    rows, amplitude = np.zeros((n, most), row_type(n_in * spec.windows)), np.zeros((n, most), np.float32)
    sample, place, window, source = _places(lengths, begin)
    rows[sample, place] = window * n_in + events.rows[sample, source]
    amplitude[sample, place] = events.amplitude[sample, source]
    steps = (1, spec.presentation_steps)
    return Events(rows, np.zeros((n, steps[1]), np.int32), np.tile(total[:, None].astype(np.int32), steps), amplitude)


def one_after_another(spec: ChipSpec, events: Events) -> Events:
    """What `side_by_side` was made of."""
    n_in, n = spec.layer_sizes[0], len(events.begin)
    used = np.arange(events.rows.shape[1]) < events.end[:, :1]
    window = np.where(used, events.rows.astype(np.int64) // n_in, spec.windows)
    ends = (window[:, :, None] <= np.arange(spec.windows)).sum(axis=1, dtype=np.int32)  # (S, L)
    begins = np.concatenate([np.zeros((n, 1), np.int32), ends[:, :-1]], axis=1)
    rows = np.where(used, events.rows % n_in, 0).astype(row_type(n_in))
    begin, end = (np.ascontiguousarray(np.repeat(each, spec.steps, axis=1)) for each in (begins, ends))
    return Events(rows, begin, end, np.where(used, events.amplitude, 0).astype(np.float32))


def _places(lengths: NDArray[np.int64], begin: NDArray[np.int64]) -> tuple[NDArray[np.int64], ...]:
    """Of every event of all windows: its sample, its place side by side, its window, and where it stands now."""
    per_window = lengths.reshape(-1)
    sample, window = (np.repeat(each.reshape(-1), per_window) for each in np.indices(lengths.shape))
    first = np.repeat(np.cumsum(per_window) - per_window, per_window)
    within = np.arange(len(first)) - first
    before = (np.cumsum(lengths, axis=1) - lengths).reshape(-1)
    return sample, np.repeat(before, per_window) + within, window, np.repeat(begin.reshape(-1), per_window) + within
