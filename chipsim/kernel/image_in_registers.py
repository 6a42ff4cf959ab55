"""Layers on an image whose neurons nothing disturbs but events: windows of all positions, in vector registers.

What `chipsim.kernel.image` does for every layer, for the usual one: to the same bits, several times as fast. A loop of
its own for each, since what a loop does not need costs it time even where it does not come to pass.
"""

from __future__ import annotations

import numpy as np

from chipsim.kernel.dense import HIGH, LOW, deliver, end_window
from chipsim.kernel.image import count_events
from chipsim.kernel.window_in_registers import is_undisturbed, run_two_windows_of_constant_current, run_window
from chipsim.layout.position_views import block_at, columns_at
from chipsim.layout.receptive_fields import Fields, find_pixels, list_events, list_window
from chipsim.layout.tables import Block
from chipsim.simd.kernel import inlined_stage, kernel, rare_stage

_NONE_MISSED = np.int64(0)


def runs_in_registers(block: Block, fields: Fields) -> bool:
    """Whether `infer_in_registers` knows all that happens in a block of this layer."""
    return is_undisturbed(block) and not fields.scales


@rare_stage
def _run_positions(block, fields, events, record, columns, seen, pixels, tally, s):
    """Window s of all positions, weights left alone. Arguments: see `chipsim.kernel.image.infer_image`.

    Returns the events that positions saw, and the rows added.
    """
    mine = columns_at(columns, 0)
    active = np.int64(0)
    for p in range(fields.n_positions):
        here = block_at(block, p, fields.columns)
        active += list_window(seen, pixels, fields, events, s, p)
        first = p * fields.width + block.first
        hits = run_window(mine, here, seen.events, 0, record.fired, s, first)
        _end_window(mine, here, record, s, first, hits, tally)
    return active, active


@rare_stage
def _run_positions_of_constant_current(block, fields, events, record, columns, seen, pixels, tally, s):
    """As `_run_positions`, two positions at once; an odd one at the end is a pair with itself."""
    both = columns_at(columns, 0), columns_at(columns, 1)
    added = np.int64(0)
    last = fields.n_positions - 1
    for p in range(0, last + 1, 2):
        q = min(p + 1, last)
        here = block_at(block, p, fields.columns), block_at(block, q, fields.columns)
        first = p * fields.width + block.first, q * fields.width + block.first
        list_events(seen, pixels, fields, events, s, 0, p, 0, 0)
        n = deliver(both[0], here[0].state.weight, seen.events, 0, 0)
        list_events(seen, pixels, fields, events, s, 0, q, 0, 0)
        m = deliver(both[1], here[1].state.weight, seen.events, 0, 0)
        hits = run_two_windows_of_constant_current(both, here, record.fired, s, first)
        _end_window(both[0], here[0], record, s, first[0], hits[:2], tally)
        added += n
        if q > p:
            _end_window(both[1], here[1], record, s, first[1], hits[2:], tally)
            added += m
    return events.begin.shape[1] * added, added


@inlined_stage
def _end_window(columns, here, record, s, first, rail_hits, tally):
    tally[LOW] += rail_hits[0]
    tally[HIGH] += rail_hits[1]
    last = first + here.state.weight.shape[1]
    end_window(columns, here.neurons, here.circuit, record, s, first, last, _NONE_MISSED, tally)


@kernel
def infer_in_registers(block, fields, events, below, record, windows, columns, seen, tally, start, stop):
    """As `chipsim.kernel.image.infer_image`."""
    active = np.int64(0)
    added = np.int64(0)
    for s in range(start, stop):
        pixels = find_pixels(seen, fields, events, below, s)
        if len(events.amplitude) > 0:
            n, rows = _run_positions_of_constant_current(block, fields, events, record, columns, seen, pixels, tally, s)
        else:
            n, rows = _run_positions(block, fields, events, record, columns, seen, pixels, tally, s)
        active += n
        added += rows
    count_events(tally, block, fields, active, added)
