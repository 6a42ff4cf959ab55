"""Layers on an image whose neurons nothing disturbs but events: windows of all positions, in vector registers.

What `chipsim.image_cycle` does for every layer, for the usual one: to the same bits, several times as fast. A loop of
its own for each, since what a loop does not need costs it time even where it does not come to pass.
"""

from __future__ import annotations

import numpy as np

from chipsim.cycle import HIGH, LOW, UPDATES, WRITTEN, deliver, end_window, start_window
from chipsim.image_cycle import count_events
from chipsim.jit import inlined_stage, kernel, rare_stage
from chipsim.lesson_in_registers import learn_one_step, learn_one_step_of_constant_current, writes_directly
from chipsim.positions import block_at, columns_at
from chipsim.receptive_fields import Fields, find_pixels, list_events, list_lesson, list_window
from chipsim.tables import Block
from chipsim.window_in_registers import is_undisturbed, run_two_windows_of_constant_current, run_window

_NONE_MISSED = np.int64(0)


def runs_in_registers(block: Block, fields: Fields) -> bool:
    """Whether `infer_in_registers` knows all that happens in a block of this layer."""
    return bool(is_undisturbed.py_func(block.neurons, block.circuit) and not fields.scales)


def learns_in_registers(block: Block, fields: Fields) -> bool:
    """The same of `learn_own_weights_in_registers` and `learn_shared_weights_in_registers`."""
    return runs_in_registers(block, fields) and bool(writes_directly.py_func(block.synapses, block.circuit))


@rare_stage
def _run_positions(block, fields, events, record, columns, seen, tally, s):
    """Window s of all positions, weights left alone. Arguments: see `chipsim.image_cycle.infer_image`.

    Returns the events that positions saw, and the rows added.
    """
    mine = columns_at(columns, 0)
    active = np.int64(0)
    for p in range(fields.n_positions):
        here = block_at(block, p, fields.columns)
        active += list_window(seen, fields, events, s, p)
        first = p * fields.width + block.first
        hits = run_window(mine, here, seen.events, 0, record.fired, s, first)
        _end_window(mine, here, record, s, first, hits, tally)
    return active, active


@rare_stage
def _run_positions_of_constant_current(block, fields, events, record, columns, seen, tally, s):
    """As `_run_positions`, two positions at once; an odd one at the end is a pair with itself."""
    both = columns_at(columns, 0), columns_at(columns, 1)
    added = np.int64(0)
    last = fields.n_positions - 1
    for p in range(0, last + 1, 2):
        q = min(p + 1, last)
        here = block_at(block, p, fields.columns), block_at(block, q, fields.columns)
        first = p * fields.width + block.first, q * fields.width + block.first
        list_events(seen, fields, events, s, 0, p, 0, 0)
        n = deliver(both[0], here[0].state.weight, seen.events, 0, 0)
        list_events(seen, fields, events, s, 0, q, 0, 0)
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


@inlined_stage
def _learn(block, columns, here, fields, events, seen, record, targets, rate, s, t, p, stale, tally):
    """Step t of position p. Returns (events seen, rows added, whether it wrote)."""
    first = p * fields.width + block.first
    target = targets[s, first : first + len(columns.membrane)]
    if len(events.amplitude) > 0:
        active = np.int64(seen.events.end[np.uint64(p), t])
        added = active if stale else np.int64(0)
        n_open, low, high = learn_one_step_of_constant_current(
            columns, here, seen.events, p, t, stale, target, rate, record.fired, s, first
        )
    else:
        active = list_events(seen, fields, events, s, t, p, 0, 0)
        added = active
        n_open, low, high = learn_one_step(columns, here, seen.events, 0, t, target, rate, record.fired, s, first)
    tally[LOW] += low
    tally[HIGH] += high
    if n_open > 0:
        tally[WRITTEN] += active * block.n_columns
        tally[UPDATES] += (active + 1) * n_open
    return active, added, n_open > 0


@rare_stage
def _teach_own_crossbars(block, fields, events, record, windows, targets, rates, columns, seen, tally, s):
    """Window s of all positions, each with a crossbar of its own. As `_run_positions`, and learn."""
    n_steps, n_columns = events.begin.shape[1], block.state.weight.shape[2]
    rate = rates[s]
    active = np.int64(0)
    added = np.int64(0)
    for p in range(fields.n_positions):
        here = block_at(block, p, fields.columns)
        first = p * fields.width + block.first
        start_window(columns, here, windows[s])
        stale = True
        for t in range(n_steps):
            n, rows, stale = _learn(
                block, columns, here, fields, events, seen, record, targets, rate, s, t, p, stale, tally
            )
            active += n
            added += rows
        end_window(columns, here.neurons, here.circuit, record, s, first, first + n_columns, _NONE_MISSED, tally)
    return active, added


@rare_stage
def _teach_shared_crossbar(block, fields, events, record, windows, targets, rates, columns, seen, written, tally, s):
    """Window s of all positions on one crossbar. As `_run_positions`, and learn.

    columns, written: see `chipsim.image_cycle.learn_shared_weights`.
    """
    n_steps, n_columns = events.begin.shape[1], block.state.weight.shape[2]
    rate = rates[s]
    active = np.int64(0)
    added = np.int64(0)
    for p in range(fields.n_positions):
        start_window(columns_at(columns, p), block_at(block, p, fields.columns), windows[s])
    written[:] = -1
    writes = np.int64(0)
    for t in range(n_steps):
        for p in range(fields.n_positions):
            mine, here = columns_at(columns, p), block_at(block, p, fields.columns)
            stale = written[p] != writes
            written[p] = writes
            n, rows, wrote = _learn(
                block, mine, here, fields, events, seen, record, targets, rate, s, t, p, stale, tally
            )
            active += n
            added += rows
            writes += np.int64(wrote)
    for p in range(fields.n_positions):
        mine, here = columns_at(columns, p), block_at(block, p, fields.columns)
        first = p * fields.width + block.first
        end_window(mine, here.neurons, here.circuit, record, s, first, first + n_columns, _NONE_MISSED, tally)
    return active, added


@kernel
def infer_in_registers(block, fields, events, below, record, windows, columns, seen, tally, start, stop):
    """As `chipsim.image_cycle.infer_image`."""
    active = np.int64(0)
    added = np.int64(0)
    for s in range(start, stop):
        find_pixels(seen, fields, events, below, s)
        if len(events.amplitude) > 0:
            n, rows = _run_positions_of_constant_current(block, fields, events, record, columns, seen, tally, s)
        else:
            n, rows = _run_positions(block, fields, events, record, columns, seen, tally, s)
        active += n
        added += rows
    count_events(tally, block, fields, active, added)


@kernel
def learn_own_weights_in_registers(
    block, fields, events, below, record, windows, targets, rates, columns, seen, tally, start, stop
):
    """As `chipsim.image_cycle.learn_own_weights`."""
    active = np.int64(0)
    added = np.int64(0)
    for s in range(start, stop):
        list_lesson(seen, fields, events, below, s)
        n, rows = _teach_own_crossbars(block, fields, events, record, windows, targets, rates, columns, seen, tally, s)
        active += n
        added += rows
    count_events(tally, block, fields, active, added)


@kernel
def learn_shared_weights_in_registers(
    block, fields, events, below, record, windows, targets, rates, columns, seen, written, tally, start, stop
):
    """As `chipsim.image_cycle.learn_shared_weights`."""
    active = np.int64(0)
    added = np.int64(0)
    for s in range(start, stop):
        list_lesson(seen, fields, events, below, s)
        n, rows = _teach_shared_crossbar(
            block, fields, events, record, windows, targets, rates, columns, seen, written, tally, s
        )
        active += n
        added += rows
    count_events(tally, block, fields, active, added)
