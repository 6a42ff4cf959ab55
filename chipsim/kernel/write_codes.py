"""Writes of few-bit weights: what `learning_circuit.update_accumulator` says, for the open columns of one row."""

from __future__ import annotations

import numpy as np

from chipsim.simd import inlined, outlined
from learning_circuit import carried, counted_pulse

_NOTHING = np.int32(0)
_NO_GAIN = np.float32(0)
_counted, _carried = inlined(counted_pulse), inlined(carried)


@outlined
def write_coded_row(weight, gain, synapses, row, lsb, amplitude, columns, pulses, dither):
    """Add pulse amplitude to the accumulators of a row's open columns, write what overflows.

    weight (n_in + 1, n_out): what the crossbar delivers; gain (1 or n_in + 1, n_out); lsb: weight of one code step, in
    thresholds; columns, pulses: (n_open,), see `pulse_errors`; dither: (n_out,) float32 uniform on [0, 1). A synapse of
    gain 0 is stuck: it takes no pulse. Returns (codes changed, codes held back at the end of their range).
    """
    stored = synapses.code[row]
    residues = synapses.residue[row]
    effective = weight[row]
    gains = gain[row if len(gain) > 1 else 0]
    bits = synapses.accumulator_bits
    full = np.int32(1) << bits
    top = synapses.top_code
    units = np.float32(full) * amplitude / lsb
    written = _NOTHING
    clipped = _NOTHING
    for k in range(len(columns)):
        c = columns[k]
        moves = gains[c] != _NO_GAIN
        total = np.int32(residues[c]) + (_counted(pulses[k], units, dither[c]) if moves else _NOTHING)
        carry = _carried(total, bits)
        wanted = np.int32(stored[c]) + carry
        code = top if wanted > top else (-top if wanted < -top else wanted)
        written += np.int32(1) if code != stored[c] else _NOTHING
        clipped += np.int32(1) if code != wanted else _NOTHING
        stored[c] = np.int16(code)
        residues[c] = np.int16(total - (carry << bits))
        effective[c] = gains[c] * (np.float32(code) * lsb) if moves else effective[c]
    return written, clipped
