"""What a window leaves behind, whichever loop it came from."""

from __future__ import annotations

from typing import Any

import numpy as np

from chipsim.kernel.parts import Parts
from chipsim.layout import ADDED, EVENTS, FULL, row_of, spikes_in_window
from chipsim.neurons import COUNT, MEMBRANE
from chipsim.simd import inlined, inlined_in_python


def end_of(parts: Parts) -> Any:
    """Leave counts and membranes of a position's window in the record, and tally what met its limit."""
    fires = parts.neuron.fires
    count_row, membrane_row = row_of(parts.kept, COUNT.name), row_of(parts.kept, MEMBRANE.name)
    full_at = row_of(parts.places.numbers, "accumulator_full")

    @inlined
    def end_window(block, state, record, s, q, first, missed, counters):
        count, membrane = state.state[q, count_row], state.state[q, membrane_row]
        last = first + len(count)
        _copy(record.count[s, first:last], count)
        if len(record.membrane) > 0:
            _copy(record.membrane[s, first:last], membrane)
        if fires and np.float32(record.spike_bits.shape[2]) > block.numbers[full_at]:
            counters[FULL] += spikes_in_window(record.spike_bits, s, first, len(count)) - missed
            for i in range(len(count)):
                counters[FULL] -= np.int64(count[i])

    return end_window


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
