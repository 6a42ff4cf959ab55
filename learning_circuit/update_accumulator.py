"""Update unit for few-bit weights: a small accumulator per synapse collects pulses and writes whole LSBs.

A stored weight is a code times an LSB. A pulse is usually far smaller than an LSB; written directly it would be lost
or, rounded at random, drown the weight in noise. So each synapse has an accumulator of `bits` bits that counts pulses
in units of LSB / 2^bits and moves the code by one LSB when it overflows. With 0 bits writes are direct: the pulse
itself is rounded to whole LSBs. Rounding is stochastic (Gupta et al. 2015, arXiv 1502.02551) with one random number
per neuron and step, as one shift register per column would give.

Plain functions of one synapse; whoever compiles them into a kernel keeps the types of their arguments.
"""

from __future__ import annotations

from typing import Any

import numpy as np

_NOTHING = np.int32(0)
_ONE = np.int32(1)
_MOST = np.float32(1 << 30)  # no pulse counts for more: beyond every range, and inside an int32


def counted_pulse(pulse: Any, units: Any, dither: Any) -> Any:
    """A pulse in whole units of an accumulator, rounded at random: int32.

    pulse: float32, thresholds; units: float32, of them per threshold; dither: float32, uniform on [0, 1).
    """
    counted = np.floor(pulse * units + dither)
    counted = _MOST if counted > _MOST else (-_MOST if counted < -_MOST else counted)
    return np.int32(counted)


def carried(total: Any, bits: Any) -> Any:
    """Whole LSBs in an accumulator, int32, truncated toward zero, so that a residue near zero never flips a code back
    and forth. total: int32, in units; bits: int32, of the accumulator.
    """
    full = _ONE << bits
    return (total + (full - _ONE if total < 0 else _NOTHING)) >> bits
