"""Crossbar: input spikes become column currents (Eq. 2 of Yang et al. 2022)."""

from __future__ import annotations

from chipsim.simd import add_rows, add_rows_graded, add_rows_to_bias, outlined

__all__ = ["add_constant_current_rows", "add_rows", "add_rows_to_bias"]


@outlined
def add_constant_current_rows(current, weight, rows, amplitude):
    """current_i += sum of amplitude_j weight[j, i]: a constant input current instead of spikes."""
    add_rows_graded(current, weight, rows, amplitude, 0, len(rows))
