"""Crossbar: input spikes become column currents (Eq. 2 of Yang et al. 2022)."""

from __future__ import annotations

import numpy as np

from chipsim.jit import stage


@stage
def add_rows(current, weight, rows):
    """current_i += sum of weight[j, i] over `rows`, in the order of `rows`.

    current: (n_out,) float32; weight: (n_in + 1, n_out) float32; rows: (k,) int. Eight rows a pass: the current is
    loaded and stored once for them. The sum is taken strictly from left to right, so that its bits do not depend on
    how columns are split over threads. Rows are addressed in the flat array with unsigned numbers, for which the
    compiler needs no check of negative indices inside the loop.
    """
    flat = weight.reshape(weight.size)
    width = np.uint64(weight.shape[1])
    n = np.uint64(len(current))
    n_rows = np.uint64(len(rows))
    k = np.uint64(0)
    while k + np.uint64(8) <= n_rows:
        a = np.uint64(rows[k]) * width
        b = np.uint64(rows[k + np.uint64(1)]) * width
        c = np.uint64(rows[k + np.uint64(2)]) * width
        d = np.uint64(rows[k + np.uint64(3)]) * width
        e = np.uint64(rows[k + np.uint64(4)]) * width
        f = np.uint64(rows[k + np.uint64(5)]) * width
        g = np.uint64(rows[k + np.uint64(6)]) * width
        h = np.uint64(rows[k + np.uint64(7)]) * width
        for i in range(n):
            half = (((current[i] + flat[a + i]) + flat[b + i]) + flat[c + i]) + flat[d + i]
            current[i] = (((half + flat[e + i]) + flat[f + i]) + flat[g + i]) + flat[h + i]
        k += np.uint64(8)
    if k + np.uint64(4) <= n_rows:
        a = np.uint64(rows[k]) * width
        b = np.uint64(rows[k + np.uint64(1)]) * width
        c = np.uint64(rows[k + np.uint64(2)]) * width
        d = np.uint64(rows[k + np.uint64(3)]) * width
        for i in range(n):
            current[i] = (((current[i] + flat[a + i]) + flat[b + i]) + flat[c + i]) + flat[d + i]
        k += np.uint64(4)
    while k < n_rows:
        a = np.uint64(rows[k]) * width
        for i in range(n):
            current[i] += flat[a + i]
        k += np.uint64(1)


@stage
def add_graded_rows(current, weight, rows, amplitude):
    """current_i += sum of amplitude_j weight[j, i]: a constant input current instead of spikes."""
    for k in range(len(rows)):
        a = weight[rows[k]]
        x = amplitude[k]
        for i in range(len(current)):
            current[i] += x * a[i]
