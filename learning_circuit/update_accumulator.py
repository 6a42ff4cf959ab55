"""Update unit for few-bit weights: a small accumulator per synapse collects pulses and writes whole LSBs.

A stored weight is a code times an LSB. A pulse is usually far smaller than an LSB; written directly it would be lost
or, rounded at random, drown the weight in noise. So each synapse has an accumulator of `bits` bits that counts pulses
in units of LSB / 2^bits and moves the code by one LSB when it overflows. With 0 bits writes are direct: the pulse
itself is rounded to whole LSBs. Rounding is stochastic (Gupta et al. 2015) with one random number
per neuron and step, as one shift register per column would give.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from learning_circuit.jit import rare_stage

_NOTHING = np.int32(0)
_NO_GAIN = np.float32(0)
_MOST = np.float32(1 << 30)  # no pulse counts for more: beyond every range, and inside an int32


class CodedSynapses(NamedTuple):
    """The stored side of a crossbar with few-bit weights; row n_in is the bias. Empty for analog weights."""

    code: Any  # (n_in + 1, n_out) int16, in LSB
    residue: Any  # (n_in + 1, n_out) int16, in LSB / 2^bits: what the update accumulators hold
    top_code: Any  # int32 scalar, the largest magnitude of a code
    accumulator_bits: Any  # int32 scalar


@rare_stage
def write_coded_row(weight, gain, synapses, row, lsb, amplitude, columns, pulses, dither):
    """Add pulse amplitude to the accumulators of a row's open columns, write what overflows.

    weight, gain: as in `update_unit`; lsb: weight of one code step, in thresholds; columns, pulses: (n_open,), see
    `update_pulse`; dither: (n_out,) float32 uniform on [0, 1). A synapse of gain 0 is stuck: it takes no pulse.
    Returns (codes changed, codes held back at the end of their range).
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
        counted = np.floor(pulses[k] * units + dither[c])
        counted = _MOST if counted > _MOST else (-_MOST if counted < -_MOST else counted)
        moves = gains[c] != _NO_GAIN
        total = np.int32(residues[c]) + (np.int32(counted) if moves else _NOTHING)
        # Whole LSBs, truncated toward zero, so that a residue near zero never flips a code back and forth.
        carry = (total + (full - np.int32(1) if total < 0 else _NOTHING)) >> bits
        wanted = np.int32(stored[c]) + carry
        code = top if wanted > top else (-top if wanted < -top else wanted)
        written += np.int32(1) if code != stored[c] else _NOTHING
        clipped += np.int32(1) if code != wanted else _NOTHING
        stored[c] = np.int16(code)
        residues[c] = np.int16(total - (carry << bits))
        effective[c] = gains[c] * (np.float32(code) * lsb) if moves else effective[c]
    return written, clipped
