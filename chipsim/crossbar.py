"""Crossbar: input spikes become column currents (Eq. 2 of Yang et al. 2022)."""

from __future__ import annotations

from chipsim.jit import stage


@stage
def add_rows(current, weight, rows):
    """current_i += sum of weight[j, i] over `rows`, in the order of `rows`.

    current: (n_out,) float32; weight: (n_in + 1, n_out) float32; rows: (k,) int. Eight rows a pass: the current
    is loaded and stored once for them. The sum is taken strictly from left to right, so that its bits do not depend on
    how columns are split over threads.
    """
    k = 0
    while k + 8 <= len(rows):
        a = weight[rows[k]]
        b = weight[rows[k + 1]]
        c = weight[rows[k + 2]]
        d = weight[rows[k + 3]]
        e = weight[rows[k + 4]]
        f = weight[rows[k + 5]]
        g = weight[rows[k + 6]]
        h = weight[rows[k + 7]]
        for i in range(len(current)):
            half = (((current[i] + a[i]) + b[i]) + c[i]) + d[i]
            current[i] = (((half + e[i]) + f[i]) + g[i]) + h[i]
        k += 8
    while k < len(rows):
        a = weight[rows[k]]
        for i in range(len(current)):
            current[i] += a[i]
        k += 1


@stage
def add_graded_rows(current, weight, rows, amplitude):
    """current_i += sum of amplitude_j weight[j, i]: a constant input current instead of spikes."""
    for k in range(len(rows)):
        a = weight[rows[k]]
        x = amplitude[k]
        for i in range(len(current)):
            current[i] += x * a[i]
