"""Whether what the host sends can be run: kernels trust their inputs, so these look first."""

from __future__ import annotations

import numpy as np

from chipsim.jit import kernel, stage


@stage
def _rows_fit(rows, n_in):
    outside = np.int32(0)
    for k in range(len(rows)):
        outside += np.int32(np.uint32(rows[k]) >= np.uint32(n_in))  # a negative row is a huge one
    return outside == 0


@kernel
def events_fit(rows, begin, end, amplitude, n_in, start, stop):
    """Whether all events of windows start .. stop - 1 lie inside their buffer and name rows 0 .. n_in - 1.

    And, for a constant current, whether it is finite and the same at every step.
    """
    graded = len(amplitude) > 0
    for s in range(start, stop):
        follow = True  # each step's events begin where the last step's end, as encoders write them
        for t in range(begin.shape[1]):
            if begin[s, t] < 0 or end[s, t] < begin[s, t] or end[s, t] > rows.shape[1]:
                return False
            if graded and (begin[s, t] != begin[s, 0] or end[s, t] != end[s, 0]):
                return False
            follow = follow and (t == 0 or begin[s, t] == end[s, t - 1])
        if follow:
            fit = _rows_fit(rows[s, begin[s, 0] : end[s, -1]], n_in)
        else:
            fit = True
            for t in range(begin.shape[1]):
                fit = fit and _rows_fit(rows[s, begin[s, t] : end[s, t]], n_in)
        if not fit:
            return False
        if graded:
            for x in amplitude[s, begin[s, 0] : end[s, 0]]:
                if not np.isfinite(x):
                    return False
    return True


@kernel
def ascending(rows, begin, end, start, stop):
    """Whether the rows of each step of windows start .. stop - 1 ascend."""
    for s in range(start, stop):
        for t in range(begin.shape[1]):
            for k in range(begin[s, t] + 1, end[s, t]):
                if rows[s, k] <= rows[s, k - 1]:
                    return False
    return True


@kernel
def all_finite(values, start, stop):
    """Whether values[start:stop], (S, n) float32, hold neither NaN nor infinity."""
    odd = np.int32(0)
    for s in range(start, stop):
        row = values[s]
        for i in range(len(row)):
            odd += np.int32(not np.isfinite(row[i]))
    return odd == 0
