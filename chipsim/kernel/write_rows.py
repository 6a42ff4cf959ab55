"""Update unit with direct writes: every synapse of an open column that saw a spike moves by the column's pulse.

All functions add to rows of a crossbar. `weight` (n_in + 1, n_out) float32 is what the
crossbar delivers, `gain` (1 or n_in + 1, n_out) float32 the synapses' frozen gains, `pulse` (n_out,) float32 the
columns' pulses eta * gate * box of Eq. 10 of Yang et al. 2022, in units of the threshold.
"""

from __future__ import annotations

from chipsim.simd import inlined, inlined_in_python, outlined, write_rows_times_gain
from chipsim.simd import write_constant_current_rows as write_tiles_graded
from chipsim.simd import write_rows as write_tiles


@inlined
def write_row(weight, gain, row, pulse):
    """One row, at input amplitude 1: w_ij += gain_ij pulse_i."""
    synapses = weight[row]
    gains = gain[row if len(gain) > 1 else 0]
    for c in range(len(pulse)):
        synapses[c] += gains[c] * pulse[c]


@inlined_in_python
def write_rows(weight, gain, rows, start, stop, pulse, scaled):
    """All of rows[start:stop], which spiked in this step. Rows are distinct, so their order cannot matter.

    scaled: (n_out,) float32, room for pulses times gains where a column's synapses have the same.
    """
    if len(gain) > 1:
        write_rows_times_gain(pulse, weight, gain, rows, start, stop)
    else:
        gains = gain[0]
        for i in range(len(pulse)):
            scaled[i] = gains[i] * pulse[i]
        write_tiles(scaled, weight, rows, start, stop)


@outlined
def write_constant_current_rows(weight, gain, rows, amplitude, pulse):
    """Rows driven by a constant current: w_ij += gain_ij (pulse_i x_j)."""
    write_tiles_graded(pulse, weight, gain, rows, amplitude, 0, len(rows))
