"""Update unit with direct writes: every synapse of an open column that saw a spike moves by the column's pulse.

All functions add to columns first .. last - 1 of rows of a crossbar. `weight` (n_in + 1, n_out) float32 is what the
crossbar delivers, `gain` (1 or n_in + 1, n_out) float32 the synapses' frozen gains, `pulse` (last - first,) float32
the columns' pulses eta * gate * box of Eq. 10 of Yang et al. 2022, in units of the threshold.
"""

from __future__ import annotations

from learning_circuit.jit import stage


@stage
def write_row(weight, gain, row, pulse, first, last):
    """One row, at input amplitude 1: w_ij += gain_ij pulse_i."""
    synapses = weight[row, first:last]
    gains = gain[row if len(gain) > 1 else 0, first:last]
    for c in range(len(pulse)):
        synapses[c] += gains[c] * pulse[c]


@stage
def write_rows(weight, gain, rows, pulse, scaled, first, last):
    """All rows that spiked in this step. Rows are distinct, so their order cannot matter."""
    if len(gain) > 1:
        _write_rows_one_gain_each(weight, gain, rows, pulse, first, last)
    else:
        _write_rows_common_gain(weight, gain, rows, pulse, scaled, first, last)


@stage
def write_rows_graded(weight, gain, rows, amplitude, pulse, first, last):
    """Rows driven by a constant current: w_ij += gain_ij (pulse_i x_j)."""
    for k in range(len(rows)):
        row = rows[k]
        x = amplitude[k]
        synapses = weight[row, first:last]
        gains = gain[row if len(gain) > 1 else 0, first:last]
        for c in range(len(pulse)):
            synapses[c] += gains[c] * (pulse[c] * x)


# Several rows a pass: the pulse is loaded once for them, and the loop's start-up is shared.


@stage
def _write_rows_common_gain(weight, gain, rows, pulse, scaled, first, last):
    gains = gain[0, first:last]
    for i in range(len(pulse)):
        scaled[i] = gains[i] * pulse[i]
    k = 0
    while k + 4 <= len(rows):
        a = weight[rows[k], first:last]
        b = weight[rows[k + 1], first:last]
        c = weight[rows[k + 2], first:last]
        d = weight[rows[k + 3], first:last]
        for i in range(len(scaled)):
            a[i] += scaled[i]
            b[i] += scaled[i]
            c[i] += scaled[i]
            d[i] += scaled[i]
        k += 4
    while k < len(rows):
        a = weight[rows[k], first:last]
        for i in range(len(scaled)):
            a[i] += scaled[i]
        k += 1


@stage
def _write_rows_one_gain_each(weight, gain, rows, pulse, first, last):
    k = 0
    while k + 2 <= len(rows):
        a = weight[rows[k], first:last]
        b = weight[rows[k + 1], first:last]
        gain_a = gain[rows[k], first:last]
        gain_b = gain[rows[k + 1], first:last]
        for i in range(len(pulse)):
            a[i] += gain_a[i] * pulse[i]
            b[i] += gain_b[i] * pulse[i]
        k += 2
    while k < len(rows):
        a = weight[rows[k], first:last]
        gain_a = gain[rows[k], first:last]
        for i in range(len(pulse)):
            a[i] += gain_a[i] * pulse[i]
        k += 1
