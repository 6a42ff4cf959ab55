"""Crossbar: input spikes become column currents (Eq. 2 of Yang et al. 2022)."""

from __future__ import annotations

from chipsim.simd.kernel import rare_stage
from chipsim.simd.row_tiles import add_rows, add_rows_graded, add_rows_to_bias

__all__ = ["add_graded_rows", "add_rows", "add_rows_to_bias"]


@rare_stage
def add_graded_rows(current, weight, rows, amplitude):
    """current_i += sum of amplitude_j weight[j, i]: a constant input current instead of spikes."""
    add_rows_graded(current, weight, rows, amplitude, 0, len(rows))
