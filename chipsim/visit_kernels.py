"""Layers on an image that learn, where nothing disturbs neurons but events and writes are ideal: visit by visit.

What `chipsim.image_cycle` does for every layer, for the usual one: to the same bits, several times as fast.
"""

from __future__ import annotations

import numpy as np

from chipsim.cycle import HIGH, LOW, UPDATES, WRITTEN, end_window
from chipsim.image_cycle import count_events
from chipsim.image_registers import runs_in_registers
from chipsim.jit import inlined_stage, kernel, rare_stage
from chipsim.lesson_in_registers import writes_directly
from chipsim.receptive_fields import Fields, list_events, list_lesson
from chipsim.tables import Block
from chipsim.visits import Lesson, fill_tables, outcome_of, start_positions, visit_of_constant_current, visit_of_spikes

_NONE_MISSED = np.int64(0)
_ONLY = np.uint64(0)  # list of rows, or state, where there is one for all positions


def learns_in_registers(block: Block, fields: Fields) -> bool:
    """Whether the kernels of this file know all that happens in a block of this layer."""
    return runs_in_registers(block, fields) and bool(writes_directly.py_func(block.synapses, block.circuit))


@inlined_stage
def _count_visit(tally, block, rows, n_open, low, high):
    """rows: how many this visit saw."""
    tally[LOW] += low
    tally[HIGH] += high
    if n_open > 0:
        tally[WRITTEN] += rows * block.n_columns
        tally[UPDATES] += (rows + 1) * n_open


@inlined_stage
def _end_visits(positions, block, fields, record, s, p, q, tally):
    """Leave behind what a window has made of position p, whose state is the q-th."""
    outcome = outcome_of(positions, q)
    first = np.int64(p) * fields.width + block.first
    last = first + len(outcome.count)
    end_window(outcome, block.neurons, block.circuit, record, s, first, last, _NONE_MISSED, tally)


@rare_stage
def _teach_own_crossbars(block, fields, events, record, lesson, positions, seen, pixels, tally):
    """A window of all positions, each with a crossbar of its own. Returns the events seen, and the rows added."""
    graded = len(events.amplitude) > 0
    active = np.int64(0)
    added = np.int64(0)
    for p in range(np.uint64(fields.n_positions)):
        weight, gain = block.state.weight[p], block.synapses.gain[p]
        first = p * np.uint64(fields.width) + np.uint64(block.first)
        start_positions(positions)
        stale = True
        for t in range(np.uint64(events.begin.shape[1])):
            if graded:
                n = np.int64(seen.events.end[p, t])
                added += n if stale else np.int64(0)
                n_open, low, high = visit_of_constant_current(
                    positions, block, weight, gain, seen.events, p, stale, lesson, t, first, p, _ONLY
                )
            else:
                n = list_events(seen, pixels, fields, events, lesson.s, t, p, _ONLY, 0)
                added += n
                n_open, low, high = visit_of_spikes(
                    positions, block, weight, gain, seen.events, _ONLY, lesson, t, first, p, _ONLY
                )
            active += n
            stale = n_open > 0
            _count_visit(tally, block, n, n_open, low, high)
        _end_visits(positions, block, fields, record, lesson.s, p, _ONLY, tally)
    return active, added


@rare_stage
def _teach_shared_crossbar(block, fields, events, record, lesson, positions, seen, pixels, tally):
    """A window of all positions on one crossbar, which sees spikes. Returns the events seen, all of them rows added."""
    weight, gain = block.state.weight[0], block.synapses.gain[0]
    start_positions(positions)
    active = np.int64(0)
    for t in range(np.uint64(events.begin.shape[1])):
        first = np.uint64(block.first)
        for p in range(np.uint64(fields.n_positions)):
            n = list_events(seen, pixels, fields, events, lesson.s, t, p, _ONLY, 0)
            n_open, low, high = visit_of_spikes(
                positions, block, weight, gain, seen.events, _ONLY, lesson, t, first, p, p
            )
            active += n
            first += np.uint64(fields.width)
            _count_visit(tally, block, n, n_open, low, high)
    for p in range(fields.n_positions):
        _end_visits(positions, block, fields, record, lesson.s, p, p, tally)
    return active


@rare_stage
def _teach_shared_crossbar_by_current(block, fields, events, record, lesson, positions, seen, written, tally):
    """As `_teach_shared_crossbar`, of a constant current. Returns the events seen, and the rows added.

    written: see `chipsim.image_cycle.learn_shared_weights`.
    """
    weight, gain = block.state.weight[0], block.synapses.gain[0]
    start_positions(positions)
    written[:] = -1
    writes = np.int64(0)
    active = np.int64(0)
    added = np.int64(0)
    for t in range(np.uint64(events.begin.shape[1])):
        first = np.uint64(block.first)
        for p in range(np.uint64(fields.n_positions)):
            stale = written[p] != writes
            written[p] = writes
            n = np.int64(seen.events.end[p, t])
            n_open, low, high = visit_of_constant_current(
                positions, block, weight, gain, seen.events, p, stale, lesson, t, first, p, p
            )
            active += n
            added += n if stale else np.int64(0)
            writes += np.int64(n_open > 0)
            first += np.uint64(fields.width)
            _count_visit(tally, block, n, n_open, low, high)
    for p in range(fields.n_positions):
        _end_visits(positions, block, fields, record, lesson.s, p, p, tally)
    return active, added


@kernel
def learn_own_weights_in_registers(
    block, fields, events, below, record, windows, targets, rates, positions, seen, tally, start, stop
):
    """As `chipsim.image_cycle.learn_own_weights`. positions: see `chipsim.visits`, with room for one."""
    fill_tables(positions, block)
    active = np.int64(0)
    added = np.int64(0)
    for s in range(np.uint64(start), np.uint64(stop)):
        pixels = list_lesson(seen, fields, events, below, s)
        lesson = Lesson(s, targets, rates[s], record.fired)
        n, rows = _teach_own_crossbars(block, fields, events, record, lesson, positions, seen, pixels, tally)
        active += n
        added += rows
    count_events(tally, block, fields, active, added)


@kernel
def learn_shared_weights_in_registers(
    block, fields, events, below, record, windows, targets, rates, positions, seen, written, tally, start, stop
):
    """As `chipsim.image_cycle.learn_shared_weights`. positions: see `chipsim.visits`, with room for all."""
    fill_tables(positions, block)
    active = np.int64(0)
    added = np.int64(0)
    for s in range(np.uint64(start), np.uint64(stop)):
        pixels = list_lesson(seen, fields, events, below, s)
        lesson = Lesson(s, targets, rates[s], record.fired)
        if len(events.amplitude) > 0:
            n, rows = _teach_shared_crossbar_by_current(
                block, fields, events, record, lesson, positions, seen, written, tally
            )
        else:
            n = _teach_shared_crossbar(block, fields, events, record, lesson, positions, seen, pixels, tally)
            rows = n
        active += n
        added += rows
    count_events(tally, block, fields, active, added)
