"""Windows whose steps nobody sees: weights rest and nothing disturbs, so state stays in registers."""

from __future__ import annotations

from typing import Any

import numpy as np

from chipsim.kernel.deliver import add_constant_current_rows, start_from_bias
from chipsim.kernel.parts import Parts
from chipsim.kernel.views import DENSE
from chipsim.kernel.whole_windows import all_columns, two_positions
from chipsim.kernel.window_ends import count_events, end_of
from chipsim.layout import HIGH, LOW, crossbar_at, find_pixels, list_events, list_window
from chipsim.simd import inlined, outlined

_NONE_MISSED = np.int64(0)
_FIRST = np.uint64(0)  # and only window of a presentation


def window_loop(parts: Parts) -> Any:
    """Weights rest and nothing disturbs: some columns take a whole window before the next ones start."""
    if not parts.plan.image:
        take = _dense_window(parts)
    elif parts.plan.current == "constant":
        take = _image_window_of_constant_current(parts)
    else:
        take = _image_window(parts)

    def run(block, fields, events, below, record, windows, targets, moments, state, seen, counters, start, stop):
        active, added = np.int64(0), np.int64(0)
        for s in range(np.uint64(start), np.uint64(stop)):
            n, rows = take(block, fields, events, below, record, state, seen, counters, s)
            active += n
            added += rows
        count_events(counters, block, fields, active, added)

    return run


def _dense_window(parts: Parts) -> Any:
    run_window, end_window = all_columns(parts), end_of(parts)
    look, see, _, _ = DENSE

    @inlined
    def take(block, fields, events, below, record, state, seen, counters, s):
        pixels = look(seen, fields, events, below, s)
        n = np.int64(0)
        for t in range(np.uint64(events.begin.shape[1])):
            n += see(seen, pixels, fields, events, s, t, np.uint64(0), s)
        first, only = np.uint64(block.first), np.uint64(0)
        low, high = run_window(block, state, block.state.weight[0], events, s, record.spike_bits, s, first, only)
        counters[LOW] += low
        counters[HIGH] += high
        end_window(block, state, record, s, _FIRST, only, np.int64(first), _NONE_MISSED, counters)
        return n, n

    return take


def _image_window(parts: Parts) -> Any:
    run_window, end_window = all_columns(parts), end_of(parts)

    @outlined
    def take(block, fields, events, below, record, state, seen, counters, s):
        pixels = find_pixels(seen, fields, events, below, s)
        n, only = np.int64(0), np.uint64(0)
        for p in range(np.uint64(fields.n_positions)):
            n += list_window(seen, pixels, fields, events, s, p)
            slot = p * np.uint64(fields.width) + np.uint64(block.first)
            weight = crossbar_at(block, p).state.weight
            low, high = run_window(block, state, weight, seen.events, only, record.spike_bits, s, slot, p)
            counters[LOW] += low
            counters[HIGH] += high
            end_window(block, state, record, s, _FIRST, only, np.int64(slot), _NONE_MISSED, counters)
        return n, n

    return take


def _image_window_of_constant_current(parts: Parts) -> Any:
    """Two positions at once; an odd one at the end is a pair with itself."""
    run_both, end_window = two_positions(parts), end_of(parts)

    @outlined
    def take(block, fields, events, below, record, state, seen, counters, s):
        pixels = find_pixels(seen, fields, events, below, s)
        added, one, other = np.int64(0), np.uint64(0), np.uint64(1)
        last = np.uint64(fields.n_positions) - other
        for p in range(np.uint64(0), last + other, np.uint64(2)):
            both = (p, min(p + other, last))
            slots = (
                both[0] * np.uint64(fields.width) + np.uint64(block.first),
                both[1] * np.uint64(fields.width) + np.uint64(block.first),
            )
            for q in range(np.uint64(2)):
                weight = crossbar_at(block, both[q]).state.weight
                n = list_events(seen, pixels, fields, events, s, 0, both[q], 0, 0)
                start_from_bias(state.noise[0, q], weight)
                add_constant_current_rows(
                    state.noise[0, q], weight, seen.events.rows[0, :n], seen.events.amplitude[0, :n]
                )
                if both[q] == p + q:
                    added += n
            hits = run_both(block, state, state.noise[0], record.spike_bits, s, slots, both)
            counters[LOW] += hits[0]
            counters[HIGH] += hits[1]
            end_window(block, state, record, s, _FIRST, one, np.int64(slots[0]), _NONE_MISSED, counters)
            if both[1] > p:
                counters[LOW] += hits[2]
                counters[HIGH] += hits[3]
                end_window(block, state, record, s, _FIRST, other, np.int64(slots[1]), _NONE_MISSED, counters)
        return events.begin.shape[1] * added, added

    return take
