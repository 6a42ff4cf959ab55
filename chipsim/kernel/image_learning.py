"""Layers on an image that learn, where nothing disturbs neurons but events and writes are ideal: visit by visit.

What `chipsim.kernel.image` does for every layer, for the usual one: to the same bits, several times as fast.
"""

from __future__ import annotations

import numpy as np

from chipsim.kernel.dense import end_window
from chipsim.kernel.image import count_events
from chipsim.kernel.image_in_registers import infers_image_in_registers
from chipsim.kernel.image_step import (
    TrainingWindow,
    fill_tables,
    image_step_of_constant_current,
    image_step_of_spikes,
    start_positions,
    step_outcome_of,
)
from chipsim.kernel.learn_in_registers import writes_directly
from chipsim.layout import HIGH, LOW, UPDATES, WRITTEN, ColumnBlock, Fields, list_events, list_learning_window
from chipsim.simd import inlined_in_python, kernel, outlined

_NONE_MISSED = np.int64(0)
_ONLY = np.uint64(0)  # the one list of rows that positions see in turn


def learns_image_in_registers(block: ColumnBlock, fields: Fields) -> bool:
    """Whether the kernels of this file know all that happens in a block of this layer."""
    return infers_image_in_registers(block, fields) and writes_directly(block)


@inlined_in_python
def _count_step(counters, block, rows, n_open, low, high):
    """rows: how many this visit saw."""
    counters[LOW] += low
    counters[HIGH] += high
    if n_open > 0:
        counters[WRITTEN] += rows * block.n_columns
        counters[UPDATES] += (rows + 1) * n_open


@inlined_in_python
def _crossbar_of(block, p):
    """The one of position p, or of all."""
    k = min(p, np.uint64(len(block.state.weight) - 1))
    return block.state.weight[k], block.synapses.gain[k]


@inlined_in_python
def _first(block, fields, p):
    """Where the block's columns of position p stand in masks, targets and records."""
    return p * np.uint64(fields.width) + np.uint64(block.first)


@inlined_in_python
def _end_window(positions, block, fields, record, s, first_p, counters):
    """Leave behind what window s has made of these positions."""
    for q in range(len(positions.state)):
        outcome = step_outcome_of(positions, q)
        first = np.int64(_first(block, fields, first_p + np.uint64(q)))
        last = first + len(outcome.count)
        end_window(outcome, block.neurons, block.circuit, record, s, first, last, _NONE_MISSED, counters)


@outlined
def _learn_window(block, fields, events, record, training, positions, seen, pixels, first_p, counters):
    """A window of positions that see spikes: all of them in turn at each step, if they share a crossbar, else one.

    first_p: the first of them; there are as many as `positions` has states. Returns the events they saw.
    """
    weight, gain = _crossbar_of(block, first_p)
    start_positions(positions)
    active = np.int64(0)
    for t in range(np.uint64(events.begin.shape[1])):
        for q in range(np.uint64(len(positions.state))):
            p = first_p + q
            n = list_events(seen, pixels, fields, events, training.s, t, p, _ONLY, 0)
            n_open, low, high = image_step_of_spikes(
                positions, block, weight, gain, seen.events, _ONLY, training, t, _first(block, fields, p), p, q
            )
            active += n
            _count_step(counters, block, n, n_open, low, high)
    _end_window(positions, block, fields, record, training.s, first_p, counters)
    return active


@outlined
def _learn_window_by_constant_current(
    block, fields, events, record, training, positions, seen, written, first_p, counters
):
    """As `_learn_window`. Returns the events that positions saw, and the rows added.

    written: see `chipsim.kernel.image.learn_image`.
    """
    weight, gain = _crossbar_of(block, first_p)
    start_positions(positions)
    written[:] = -1
    writes = np.int64(0)
    active = np.int64(0)
    added = np.int64(0)
    for t in range(np.uint64(events.begin.shape[1])):
        for q in range(np.uint64(len(positions.state))):
            p = first_p + q
            stale = written[q] != writes
            written[q] = writes
            n = np.int64(seen.events.end[p, t])
            n_open, low, high = image_step_of_constant_current(
                positions, block, weight, gain, seen.events, p, stale, training, t, _first(block, fields, p), p, q
            )
            active += n
            added += n if stale else np.int64(0)
            writes += np.int64(n_open > 0)
            _count_step(counters, block, n, n_open, low, high)
    _end_window(positions, block, fields, record, training.s, first_p, counters)
    return active, added


@kernel
def learn_image_in_registers(
    block, fields, events, below, record, windows, targets, rates, positions, seen, written, counters, start, stop
):
    """As `chipsim.kernel.image.learn_image`. positions: see `chipsim.kernel.image_step`; of as many as `written`."""
    fill_tables(positions, block)
    active = np.int64(0)
    added = np.int64(0)
    for s in range(np.uint64(start), np.uint64(stop)):
        pixels = list_learning_window(seen, fields, events, below, s)
        training = TrainingWindow(s, targets, rates[s], record.spike_bits)
        for p in range(np.uint64(0), np.uint64(fields.n_positions), np.uint64(len(written))):
            if len(events.amplitude) > 0:
                n, rows = _learn_window_by_constant_current(
                    block, fields, events, record, training, positions, seen, written, p, counters
                )
            else:
                n = _learn_window(block, fields, events, record, training, positions, seen, pixels, p, counters)
                rows = n
            active += n
            added += rows
    count_events(counters, block, fields, active, added)
