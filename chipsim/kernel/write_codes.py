"""Writes of few-bit weights: what `learning_circuit.update_accumulator` says, for the open columns of one row."""

from __future__ import annotations

from typing import Any

import numpy as np

from chipsim.simd import inlined, inlined_in_python, outlined
from learning_circuit import between, carried, counted_pulse

_NOTHING = np.int32(0)
_NO_GAIN = np.float32(0)
_counted, _carried, _between = inlined(counted_pulse), inlined(carried), inlined(between)


@inlined_in_python
def _any_code_alike(pulse, amplitude, code, top, steps):
    return pulse


@inlined
def _by_its_code(pulse, amplitude, code, top, both):
    """A pulse times the relative step of its direction at a code, from 0 to top. both: those up, those down."""
    steps = both[0] if pulse * amplitude > _NO_GAIN else both[1]
    last = np.int32(len(steps) - 1)
    x = np.float32(code) / np.float32(top) * np.float32(last)
    i = min(np.int32(x), last - np.int32(1))
    return pulse * _between(steps[i], steps[i + 1], x - np.float32(i))


def _row_writer(from_zero: bool, moved: Any) -> Any:
    """from_zero: whether the lowest code is 0; moved: what of a pulse reaches the accumulator of a code."""

    @outlined
    def write_row(weight, gain, synapses, row, lsb, amplitude, columns, pulses, dither, steps):
        """Add pulse amplitude to the accumulators of a row's open columns, write what overflows.

        weight (n_in + 1, n_out): what the crossbar delivers; gain (1 or n_in + 1, n_out); lsb: weight of one code
        step, in thresholds; columns, pulses: (n_open,), see `pulse_errors`; dither: (n_out,) float32 uniform on [0, 1);
        steps: of unipolar synapses, relative steps up and down, else empty. A synapse of gain 0 takes no pulse: it is
        stuck.
        Returns (codes changed, codes held back at the end of their range).
        """
        stored = synapses.code[row]
        residues = synapses.residue[row]
        effective = weight[row]
        gains = gain[row if len(gain) > 1 else 0]
        bits = synapses.accumulator_bits
        full = np.int32(1) << bits
        top = synapses.top_code
        low = _NOTHING if from_zero else -top
        units = np.float32(full) * amplitude / lsb
        written = _NOTHING
        clipped = _NOTHING
        for k in range(len(columns)):
            c = columns[k]
            moves = gains[c] != _NO_GAIN
            pulse = moved(pulses[k], amplitude, stored[c], top, steps)
            total = np.int32(residues[c]) + (_counted(pulse, units, dither[c]) if moves else _NOTHING)
            carry = _carried(total, bits)
            wanted = np.int32(stored[c]) + carry
            code = top if wanted > top else (low if wanted < low else wanted)
            written += np.int32(1) if code != stored[c] else _NOTHING
            clipped += np.int32(1) if code != wanted else _NOTHING
            stored[c] = np.int16(code)
            residues[c] = np.int16(total - (carry << bits))
            effective[c] = gains[c] * (np.float32(code) * lsb) if moves else effective[c]
        return written, clipped

    return write_row


write_coded_row = _row_writer(False, _any_code_alike)
write_unipolar_row = _row_writer(True, _by_its_code)
