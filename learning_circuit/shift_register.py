"""Shift registers with feedback (LFSRs): where a circuit's dither comes from, one for each neuron.

Galois form, shifting right: the lowest bit is shifted out, and if it was 1 the taps are turned over in what is left.
The polynomials are primitive, so a register of L bits visits all states but 0 (Golomb 1967; the table is that of Alfke
1996, Xilinx XAPP 052). A step of the network is D steps of the register, and the dither the lowest D bits of the state
after them. It is clocked in every step of every window that is learned from, the warm-up and shut gates included, and
rests while the chip only infers.

A register is linear over GF(2), so that any number of steps is a matrix: `state_after` jumps.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

TAPS = {16: 0xB400, 24: 0xE10000, 32: 0xA3000000}  # by length: x^16 + x^14 + x^13 + x^11 + 1, and so on
_MASK_32 = (1 << 32) - 1


def start_states(bits: int, seed: int, layer: int, columns: int) -> NDArray[np.uint32]:
    """(columns,) of the neurons of a layer, from 1, when a die is programmed: spread by multiplication, never 0."""
    mixed = [(seed * 0x9E3779B1 + layer * 0x85EBCA6B + column * 0xC2B2AE35) & _MASK_32 for column in range(columns)]
    mask = (1 << bits) - 1
    return np.array([((word ^ word >> bits) & mask) or 1 for word in mixed], np.uint32)


def state_after(states: NDArray[np.uint32], bits: int, steps: int) -> NDArray[np.uint32]:
    """The states (n,) after so many steps, however many: a step's matrix to their power, by squaring."""
    now, power = states, _matrix_of_a_step(bits)
    while steps:
        if steps & 1:
            now = _times(power, now)
        power, steps = _times(power, power), steps >> 1
    return now


def _matrix_of_a_step(bits: int) -> NDArray[np.uint32]:
    """(bits,) its columns: what a step makes of each single bit."""
    return np.array([TAPS[bits] if bit == 0 else 1 << (bit - 1) for bit in range(bits)], np.uint32)


def _times(matrix: NDArray[np.uint32], vectors: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """A matrix, given by its columns, times vectors of bits (n,)."""
    product = np.zeros_like(vectors)
    for bit, column in enumerate(matrix):
        product ^= np.where(vectors >> np.uint32(bit) & np.uint32(1), column, np.uint32(0))
    return product
