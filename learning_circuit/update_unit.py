"""Update unit with direct writes: every synapse of an open column that saw a spike moves by the column's pulse.

All functions add to rows of a crossbar. `weight` (n_in + 1, n_out) float32 is what the
crossbar delivers, `gain` (1 or n_in + 1, n_out) float32 the synapses' frozen gains, `pulse` (n_out,) float32 the
columns' pulses eta * gate * box of Eq. 10 of Yang et al. 2022, in units of the threshold.
"""

from __future__ import annotations

from learning_circuit.jit import stage


@stage
def write_row(weight, gain, row, pulse):
    """One row, at input amplitude 1: w_ij += gain_ij pulse_i."""
    synapses = weight[row]
    gains = gain[row if len(gain) > 1 else 0]
    for c in range(len(pulse)):
        synapses[c] += gains[c] * pulse[c]


@stage
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


# Several rows a pass: the pulse is loaded once for them, and the loop's start-up is shared.


@stage
def _write_rows_common_gain(weight, gain, rows, pulse, scaled):
    gains = gain[0]
    for i in range(len(pulse)):
        scaled[i] = gains[i] * pulse[i]
    k = 0
    while k + 4 <= len(rows):
        a = weight[rows[k]]
        b = weight[rows[k + 1]]
        c = weight[rows[k + 2]]
        d = weight[rows[k + 3]]
        for i in range(len(scaled)):
            a[i] += scaled[i]
            b[i] += scaled[i]
            c[i] += scaled[i]
            d[i] += scaled[i]
        k += 4
    while k < len(rows):
        a = weight[rows[k]]
        for i in range(len(scaled)):
            a[i] += scaled[i]
        k += 1


@stage
def _write_rows_one_gain_each(weight, gain, rows, pulse):
    k = 0
    while k + 2 <= len(rows):
        a = weight[rows[k]]
        b = weight[rows[k + 1]]
        gain_a = gain[rows[k]]
        gain_b = gain[rows[k + 1]]
        for i in range(len(pulse)):
            a[i] += gain_a[i] * pulse[i]
            b[i] += gain_b[i] * pulse[i]
        k += 2
    while k < len(rows):
        a = weight[rows[k]]
        gain_a = gain[rows[k]]
        for i in range(len(pulse)):
            a[i] += gain_a[i] * pulse[i]
        k += 1
