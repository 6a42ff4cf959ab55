"""Layers on an image that learn, where nothing disturbs neurons but events and writes are ideal: visit by visit.

What `chipsim.kernel.image` does for every layer, for the usual one: to the same bits, several times as fast.
"""

from __future__ import annotations

import numpy as np

from chipsim.kernel.dense import HIGH, LOW, UPDATES, WRITTEN, end_window
from chipsim.kernel.image import count_events
from chipsim.kernel.image_in_registers import runs_in_registers
from chipsim.kernel.image_step import (
    Lesson,
    fill_tables,
    outcome_of,
    start_positions,
    visit_of_constant_current,
    visit_of_spikes,
)
from chipsim.kernel.learn_in_registers import writes_directly
from chipsim.layout.receptive_fields import Fields, list_events, list_lesson
from chipsim.layout.tables import Block
from chipsim.simd.kernel import inlined_stage, kernel, rare_stage

_NONE_MISSED = np.int64(0)
_ONLY = np.uint64(0)  # the one list of rows that positions see in turn


def learns_in_registers(block: Block, fields: Fields) -> bool:
    """Whether the kernels of this file know all that happens in a block of this layer."""
    return runs_in_registers(block, fields) and writes_directly(block)


@inlined_stage
def _count_visit(tally, block, rows, n_open, low, high):
    """rows: how many this visit saw."""
    tally[LOW] += low
    tally[HIGH] += high
    if n_open > 0:
        tally[WRITTEN] += rows * block.n_columns
        tally[UPDATES] += (rows + 1) * n_open


@inlined_stage
def _crossbar_of(block, p):
    """The one of position p, or of all."""
    k = min(p, np.uint64(len(block.state.weight) - 1))
    return block.state.weight[k], block.synapses.gain[k]


@inlined_stage
def _first(block, fields, p):
    """Where the block's columns of position p stand in masks, targets and records."""
    return p * np.uint64(fields.width) + np.uint64(block.first)


@inlined_stage
def _end_visits(positions, block, fields, record, s, first_p, tally):
    """Leave behind what window s has made of these positions."""
    for q in range(len(positions.state)):
        outcome = outcome_of(positions, q)
        first = np.int64(_first(block, fields, first_p + np.uint64(q)))
        last = first + len(outcome.count)
        end_window(outcome, block.neurons, block.circuit, record, s, first, last, _NONE_MISSED, tally)


@rare_stage
def _teach(block, fields, events, record, lesson, positions, seen, pixels, first_p, tally):
    """A window of positions that see spikes: all of them in turn at each step, if they share a crossbar, else one.

    first_p: the first of them; there are as many as `positions` has states. Returns the events they saw.
    """
    weight, gain = _crossbar_of(block, first_p)
    start_positions(positions)
    active = np.int64(0)
    for t in range(np.uint64(events.begin.shape[1])):
        for q in range(np.uint64(len(positions.state))):
            p = first_p + q
            n = list_events(seen, pixels, fields, events, lesson.s, t, p, _ONLY, 0)
            n_open, low, high = visit_of_spikes(
                positions, block, weight, gain, seen.events, _ONLY, lesson, t, _first(block, fields, p), p, q
            )
            active += n
            _count_visit(tally, block, n, n_open, low, high)
    _end_visits(positions, block, fields, record, lesson.s, first_p, tally)
    return active


@rare_stage
def _teach_by_constant_current(block, fields, events, record, lesson, positions, seen, written, first_p, tally):
    """As `_teach`. Returns the events that positions saw, and the rows added.

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
            n_open, low, high = visit_of_constant_current(
                positions, block, weight, gain, seen.events, p, stale, lesson, t, _first(block, fields, p), p, q
            )
            active += n
            added += n if stale else np.int64(0)
            writes += np.int64(n_open > 0)
            _count_visit(tally, block, n, n_open, low, high)
    _end_visits(positions, block, fields, record, lesson.s, first_p, tally)
    return active, added


@kernel
def learn_in_registers(
    block, fields, events, below, record, windows, targets, rates, positions, seen, written, tally, start, stop
):
    """As `chipsim.kernel.image.learn_image`. positions: see `chipsim.kernel.image_step`; of as many as `written`."""
    fill_tables(positions, block)
    active = np.int64(0)
    added = np.int64(0)
    for s in range(np.uint64(start), np.uint64(stop)):
        pixels = list_lesson(seen, fields, events, below, s)
        lesson = Lesson(s, targets, rates[s], record.fired)
        for p in range(np.uint64(0), np.uint64(fields.n_positions), np.uint64(len(written))):
            if len(events.amplitude) > 0:
                n, rows = _teach_by_constant_current(
                    block, fields, events, record, lesson, positions, seen, written, p, tally
                )
            else:
                n = _teach(block, fields, events, record, lesson, positions, seen, pixels, p, tally)
                rows = n
            active += n
            added += rows
    count_events(tally, block, fields, active, added)
