"""Crossbar: input spikes become column currents (Eq. 2 of Yang et al. 2022)."""

from __future__ import annotations

from chipsim.jit import rare_stage
from learning_circuit.rows import add_rows

__all__ = ["add_graded_rows", "add_rows"]


@rare_stage
def add_graded_rows(current, weight, rows, amplitude):
    """current_i += sum of amplitude_j weight[j, i]: a constant input current instead of spikes."""
    for k in range(len(rows)):
        a = weight[rows[k]]
        x = amplitude[k]
        for i in range(len(current)):
            current[i] += x * a[i]
