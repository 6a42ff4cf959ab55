"""Update unit with direct writes: every synapse of an open column that saw a spike moves by the column's pulse.

All functions add to rows of a crossbar. `weight` (n_in + 1, n_out) float32 is what the
crossbar delivers, `gain` (1 or n_in + 1, n_out) float32 the synapses' frozen gains, `pulse` (n_out,) float32 the
columns' pulses eta * gate * box of Eq. 10 of Yang et al. 2022, in units of the threshold.
"""

from __future__ import annotations

import numpy as np

from learning_circuit.jit import inlined_stage, stage


@stage
def write_row(weight, gain, row, pulse):
    """One row, at input amplitude 1: w_ij += gain_ij pulse_i."""
    synapses = weight[row]
    gains = gain[row if len(gain) > 1 else 0]
    for c in range(len(pulse)):
        synapses[c] += gains[c] * pulse[c]


@inlined_stage
def write_rows(weight, gain, rows, pulse, scaled):
    """All rows that spiked in this step. Rows are distinct, so their order cannot matter."""
    if len(gain) > 1:
        _write_rows_one_gain_each(weight, gain, rows, pulse)
    else:
        _write_rows_common_gain(weight, gain, rows, pulse, scaled)


@stage
def write_rows_graded(weight, gain, rows, amplitude, pulse):
    """Rows driven by a constant current: w_ij += gain_ij (pulse_i x_j)."""
    for k in range(len(rows)):
        row = rows[k]
        x = amplitude[k]
        synapses = weight[row]
        gains = gain[row if len(gain) > 1 else 0]
        for c in range(len(pulse)):
            synapses[c] += gains[c] * (pulse[c] * x)


# Several rows a pass: the pulse is loaded once for them, and the loop's start-up is shared. Rows are addressed in the
# flat array with unsigned numbers, for which the compiler needs no check of negative indices inside the loop.


@stage
def _write_rows_common_gain(weight, gain, rows, pulse, scaled):
    gains = gain[0]
    for i in range(len(pulse)):
        scaled[i] = gains[i] * pulse[i]
    flat = weight.reshape(weight.size)
    width = np.uint64(weight.shape[1])
    n = np.uint64(len(scaled))
    n_rows = np.uint64(len(rows))
    k = np.uint64(0)
    while k + np.uint64(4) <= n_rows:
        a = np.uint64(rows[k]) * width
        b = np.uint64(rows[k + np.uint64(1)]) * width
        c = np.uint64(rows[k + np.uint64(2)]) * width
        d = np.uint64(rows[k + np.uint64(3)]) * width
        for i in range(n):
            change = scaled[i]
            flat[a + i] += change
            flat[b + i] += change
            flat[c + i] += change
            flat[d + i] += change
        k += np.uint64(4)
    while k < n_rows:
        a = np.uint64(rows[k]) * width
        for i in range(n):
            flat[a + i] += scaled[i]
        k += np.uint64(1)


@stage
def _write_rows_one_gain_each(weight, gain, rows, pulse):
    flat, flat_gain = weight.reshape(weight.size), gain.reshape(gain.size)
    width = np.uint64(weight.shape[1])
    n = np.uint64(len(pulse))
    n_rows = np.uint64(len(rows))
    k = np.uint64(0)
    while k + np.uint64(2) <= n_rows:
        a = np.uint64(rows[k]) * width
        b = np.uint64(rows[k + np.uint64(1)]) * width
        for i in range(n):
            flat[a + i] += flat_gain[a + i] * pulse[i]
            flat[b + i] += flat_gain[b + i] * pulse[i]
        k += np.uint64(2)
    while k < n_rows:
        a = np.uint64(rows[k]) * width
        for i in range(n):
            flat[a + i] += flat_gain[a + i] * pulse[i]
        k += np.uint64(1)
