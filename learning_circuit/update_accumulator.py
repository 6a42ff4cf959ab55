"""Update unit for few-bit weights: a small accumulator per synapse collects pulses and writes whole LSBs.

A stored weight is a code times an LSB. A pulse is usually far smaller than an LSB; written directly it would be lost
or, rounded at random, drown the weight in noise. So each synapse has an accumulator of `bits` bits that counts pulses
in units of LSB / 2^bits and moves the code by one LSB when it overflows. With 0 bits writes are direct: the pulse
itself is rounded to whole LSBs. Rounding is stochastic (Gupta et al. 2015, arXiv 1502.02551) with one random number
per neuron and step, as one shift register per column would give.

Formulas of one synapse over numbers, or of sixteen, see `learning_circuit.number`.
"""

from __future__ import annotations

from typing import Any

from learning_circuit.number import N, maximum, minimum

_MOST = float(1 << 30)  # no pulse counts for more: beyond every range, and inside an int32


def counted_pulse(pulse: N, units: N, dither: N) -> N:
    """A pulse in whole units of an accumulator, rounded at random.

    pulse: thresholds; units: of them per threshold; dither: uniform on [0, 1).
    """
    return maximum(minimum((pulse * units + dither).floor(), _MOST), -_MOST)


def carried(total: Any, bits: Any) -> Any:
    """Whole LSBs in an accumulator, truncated toward zero, so that a residue near zero never flips a code back and
    forth. total: int32, in units; bits: int32, of the accumulator.
    """
    below_full = (1 << bits) - 1
    return (total + (total >> 31 & below_full)) >> bits
