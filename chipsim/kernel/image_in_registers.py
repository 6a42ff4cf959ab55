"""Layers on an image whose neurons nothing disturbs but events: windows of all positions, in vector registers.

What `chipsim.kernel.image` does for every layer, for the usual one: to the same bits, several times as fast. A loop of
its own for each, since what a loop does not need costs it time even where it does not come to pass.
"""

from __future__ import annotations

import numpy as np

from chipsim.kernel.dense import deliver, end_window
from chipsim.kernel.image import count_events
from chipsim.kernel.window_in_registers import is_undisturbed, run_two_windows_of_constant_current, run_window
from chipsim.layout import (
    HIGH,
    LOW,
    ColumnBlock,
    Fields,
    block_at_position,
    find_pixels,
    list_events,
    list_window,
    neuron_state_at,
)
from chipsim.simd import inlined_in_python, kernel, outlined

_NONE_MISSED = np.int64(0)


def infers_image_in_registers(block: ColumnBlock, fields: Fields) -> bool:
    """Whether `infer_image_in_registers` knows all that happens in a block of this layer."""
    return is_undisturbed(block) and not fields.scales


@outlined
def _run_positions(block, fields, events, record, neuron_state, seen, pixels, counters, s):
    """Window s of all positions, weights left alone. Arguments: see `chipsim.kernel.image.infer_image`.

    Returns the events that positions saw, and the rows added.
    """
    mine = neuron_state_at(neuron_state, 0)
    active = np.int64(0)
    for p in range(fields.n_positions):
        here = block_at_position(block, p, fields.columns)
        active += list_window(seen, pixels, fields, events, s, p)
        first = p * fields.width + block.first
        hits = run_window(mine, here, seen.events, 0, record.spike_bits, s, first)
        _end_window(mine, here, record, s, first, hits, counters)
    return active, active


@outlined
def _run_positions_of_constant_current(block, fields, events, record, neuron_state, seen, pixels, counters, s):
    """As `_run_positions`, two positions at once; an odd one at the end is a pair with itself."""
    both = neuron_state_at(neuron_state, 0), neuron_state_at(neuron_state, 1)
    added = np.int64(0)
    last = fields.n_positions - 1
    for p in range(0, last + 1, 2):
        q = min(p + 1, last)
        here = block_at_position(block, p, fields.columns), block_at_position(block, q, fields.columns)
        first = p * fields.width + block.first, q * fields.width + block.first
        list_events(seen, pixels, fields, events, s, 0, p, 0, 0)
        n = deliver(both[0], here[0].state.weight, seen.events, 0, 0)
        list_events(seen, pixels, fields, events, s, 0, q, 0, 0)
        m = deliver(both[1], here[1].state.weight, seen.events, 0, 0)
        hits = run_two_windows_of_constant_current(both, here, record.spike_bits, s, first)
        _end_window(both[0], here[0], record, s, first[0], hits[:2], counters)
        added += n
        if q > p:
            _end_window(both[1], here[1], record, s, first[1], hits[2:], counters)
            added += m
    return events.begin.shape[1] * added, added


@inlined_in_python
def _end_window(neuron_state, here, record, s, first, rail_hits, counters):
    counters[LOW] += rail_hits[0]
    counters[HIGH] += rail_hits[1]
    last = first + here.state.weight.shape[1]
    end_window(neuron_state, here.neurons, here.circuit, record, s, first, last, _NONE_MISSED, counters)


@kernel
def infer_image_in_registers(block, fields, events, below, record, windows, neuron_state, seen, counters, start, stop):
    """As `chipsim.kernel.image.infer_image`."""
    active = np.int64(0)
    added = np.int64(0)
    for s in range(start, stop):
        pixels = find_pixels(seen, fields, events, below, s)
        if len(events.amplitude) > 0:
            n, rows = _run_positions_of_constant_current(
                block, fields, events, record, neuron_state, seen, pixels, counters, s
            )
        else:
            n, rows = _run_positions(block, fields, events, record, neuron_state, seen, pixels, counters, s)
        active += n
        added += rows
    count_events(counters, block, fields, active, added)
