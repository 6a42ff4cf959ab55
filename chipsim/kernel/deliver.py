"""Crossbar: input spikes become column currents (Eq. 2 of Yang et al. 2022)."""

from __future__ import annotations

from chipsim.simd import add_rows, add_rows_graded, inlined, outlined

__all__ = ["add_constant_current_rows", "add_rows", "start_from_bias"]


@outlined
def add_constant_current_rows(current, weight, rows, amplitude):
    """current_i += sum of amplitude_j weight[j, i]: a constant input current instead of spikes."""
    add_rows_graded(current, weight, rows, amplitude, 0, len(rows))


@inlined
def start_from_bias(current, weight):
    """The bias is a row whose x is 1 at every step."""
    bias = weight[len(weight) - 1]
    for i in range(len(current)):
        current[i] = bias[i]
