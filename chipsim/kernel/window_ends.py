"""What a window leaves behind, whichever loop it came from."""

from __future__ import annotations

from typing import Any

import numpy as np

from chipsim.kernel.parts import Parts
from chipsim.layout import ADDED, EVENTS, FULL, row_of, spikes_in_window, store_mask
from chipsim.neurons import COUNT, MEMBRANE, TARGET_COUNT
from chipsim.simd import LANES, inlined, inlined_in_python, outlined

_LANES = np.uint64(LANES)


def end_of(parts: Parts) -> Any:
    """Leave counts and membranes of a position's window in the record, and tally what met its limit.

    w: which window of the presentation it was, the last one.
    """
    leave_window, may_fill = _leave_of(parts), _may_fill_of(parts)

    @inlined
    def end_window(block, state, record, s, w, q, first, missed, counters):
        leave_window(block, state, record, s, w, q, first, counters)
        if may_fill(block, record):
            counters[FULL] += spikes_in_window(record.spike_bits, s, first, state.state.shape[2]) - missed

    return end_window


def turn_of(parts: Parts) -> Any:
    """Between two windows of a presentation: what belongs to window w alone is left in the record, and begins anew.

    Of the positions from first_p on, whose states are the first ones. A constant current may be another one now.
    """
    leave_window = _leave_of(parts)
    of_window = tuple(n for n, field in enumerate(parts.kept) if field.name in (COUNT.name, TARGET_COUNT.name))

    @outlined
    def turn_window(block, fields, state, record, s, w, first_p, counters):
        for q in range(np.uint64(len(state.state))):
            first = (first_p + q) * np.uint64(fields.width) + np.uint64(block.first)
            leave_window(block, state, record, s, w, q, np.int64(first), counters)
            for f in of_window:
                start, row = state.starts[f], state.state[q, f]
                for i in range(np.uint64(len(row))):
                    row[i] = start
            state.delivered[q] = -1

    return turn_window


@outlined
def silence_rest(record, s, w, n_steps, slot, n):
    """What a presentation leaves that ends with window w, after n_steps steps: no spike of n neurons from `slot` on."""
    for t in range(n_steps, np.uint64(record.spike_bits.shape[2])):
        for mask in range(n // _LANES):
            store_mask(record.spike_bits, s, t, slot // _LANES + mask, np.uint16(0))
    for later in range(w + np.uint64(1), np.uint64(record.count.shape[1])):
        record.count[s, later, slot : slot + n] = 0
        if len(record.membrane) > 0:
            record.membrane[s, later, slot : slot + n] = 0


def _leave_of(parts: Parts) -> Any:
    count_row, membrane_row = row_of(parts.kept, COUNT.name), row_of(parts.kept, MEMBRANE.name)
    may_fill = _may_fill_of(parts)

    @inlined
    def leave_window(block, state, record, s, w, q, first, counters):
        count, membrane = state.state[q, count_row], state.state[q, membrane_row]
        last = first + len(count)
        _copy(record.count[s, w, first:last], count)
        if len(record.membrane) > 0:
            _copy(record.membrane[s, w, first:last], membrane)
        if may_fill(block, record):
            for i in range(len(count)):
                counters[FULL] -= np.int64(count[i])

    return leave_window


def _may_fill_of(parts: Parts) -> Any:
    """Whether an accumulator can be full at all."""
    fires, full_at = parts.neuron.fires, row_of(parts.places.numbers, "accumulator_full")

    @inlined
    def may_fill(block, record):
        return fires and np.float32(record.spike_bits.shape[2]) > block.numbers[full_at]

    return may_fill


@inlined
def _copy(target, source):
    for i in range(len(target)):
        target[i] = source[i]


@inlined_in_python
def count_events(counters, block, fields, active, added):
    """active: events that positions saw. A pooling layer's meet one synapse each, whichever block that stands in."""
    if not fields.pools:
        counters[EVENTS] += active * block.n_columns
    elif block.first == 0:
        counters[EVENTS] += active
    counters[ADDED] += added * block.n_columns
