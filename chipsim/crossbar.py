"""Crossbar: input spikes become column currents (Eq. 2 of Yang et al. 2022)."""

from __future__ import annotations

from chipsim.jit import stage


@stage
def add_rows(current, weight, rows, first, last):
    """current_i += sum of weight[j, first + i] over `rows`, in the order of `rows`.

    current: (last - first,) float32; weight: (n_in + 1, n_out) float32; rows: (k,) int. Eight rows a pass: the current
    is loaded and stored once for them. The sum is taken strictly from left to right, so that its bits do not depend on
    how columns are split over threads.
    """
    k = 0
    while k + 8 <= len(rows):
        a = weight[rows[k], first:last]
        b = weight[rows[k + 1], first:last]
        c = weight[rows[k + 2], first:last]
        d = weight[rows[k + 3], first:last]
        e = weight[rows[k + 4], first:last]
        f = weight[rows[k + 5], first:last]
        g = weight[rows[k + 6], first:last]
        h = weight[rows[k + 7], first:last]
        for i in range(len(current)):
            half = (((current[i] + a[i]) + b[i]) + c[i]) + d[i]
            current[i] = (((half + e[i]) + f[i]) + g[i]) + h[i]
        k += 8
    while k < len(rows):
        a = weight[rows[k], first:last]
        for i in range(len(current)):
            current[i] += a[i]
        k += 1


@stage
def add_graded_rows(current, weight, rows, amplitude, first, last):
    """current_i += sum of amplitude_j weight[j, first + i]: a constant input current instead of spikes."""
    for k in range(len(rows)):
        a = weight[rows[k], first:last]
        x = amplitude[k]
        for i in range(len(current)):
            current[i] += x * a[i]
