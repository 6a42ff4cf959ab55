"""All columns of a block through a window in registers: in tiles of up to four vectors, one after the other."""

from __future__ import annotations

from typing import Any

import numpy as np

from chipsim.kernel.parts import Parts
from chipsim.kernel.step import WIDEST_BLOCK, window_of, windows_of_constant_current
from chipsim.simd import LANES, inlined

_FIRST = np.uint64(0)


def all_columns(parts: Parts) -> Any:
    """A piece that takes a block at rest through window `window` of events and leaves its state in `state`.

    s, slot: which window, and where, spikes are kept; p: the position. Returns how many membranes met the lower and the
    upper rail.
    """

    @inlined
    def narrower(block, state, weight, events, window, spike_bits, s, slot, p, column):
        return np.int64(0), np.int64(0)

    vectors = 1
    while vectors <= WIDEST_BLOCK:
        narrower = _in_tiles(window_of(parts, vectors), np.uint64(vectors * LANES), narrower)
        vectors *= 2
    tiles = narrower

    @inlined
    def run_window(block, state, weight, events, window, spike_bits, s, slot, p):
        return tiles(block, state, weight, events, window, spike_bits, s, slot, p, _FIRST)

    return run_window


def _in_tiles(tile: Any, width: np.uint64, narrower: Any) -> Any:
    @inlined
    def in_tiles(block, state, weight, events, window, spike_bits, s, slot, p, column):
        low, high = np.int64(0), np.int64(0)
        while column + width <= np.uint64(weight.shape[1]):
            some = tile(block, state, weight, events, window, spike_bits, s, slot, p, column)
            low, high = low + some[0], high + some[1]
            column += width
        others = narrower(block, state, weight, events, window, spike_bits, s, slot, p, column)
        return low + others[0], high + others[1]

    return in_tiles


def two_positions(parts: Parts) -> Any:
    """A piece that takes two positions at once through a window of currents that stay what they are.

    drive: (>= 2, n) float32, those currents; slots, positions: pairs. Returns how many membranes met the lower and the
    upper rail, of the first, then of the second.
    """
    wide_tile, narrow_tile = (
        windows_of_constant_current(parts, WIDEST_BLOCK // 2),
        windows_of_constant_current(parts, 1),
    )
    wide, narrow = np.uint64(WIDEST_BLOCK // 2 * LANES), np.uint64(LANES)

    @inlined
    def run_both(block, state, drive, spike_bits, s, slots, positions):
        low, high, other_low, other_high = np.int64(0), np.int64(0), np.int64(0), np.int64(0)
        n, column = np.uint64(drive.shape[1]), _FIRST
        while column < n:
            if column + wide <= n:
                hits = wide_tile(block, state, drive, spike_bits, s, slots, positions, column)
                column += wide
            else:
                hits = narrow_tile(block, state, drive, spike_bits, s, slots, positions, column)
                column += narrow
            low, high = low + hits[0], high + hits[1]
            other_low, other_high = other_low + hits[2], other_high + hits[3]
        return low, high, other_low, other_high

    return run_both
