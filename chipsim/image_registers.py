"""Layers on an image whose neurons nothing disturbs but events: windows of all positions, in vector registers.

What `chipsim.image_cycle` does for every layer, for the usual one: to the same bits, several times as fast. A loop of
its own for each, since what a loop does not need costs it time even where it does not come to pass.
"""

from __future__ import annotations

import numpy as np

from chipsim.cycle import HIGH, LOW, UPDATES, WRITTEN, deliver, end_window, start_window
from chipsim.jit import inlined_stage, rare_stage
from chipsim.lesson_in_registers import learn_one_step, learn_one_step_of_constant_current, writes_directly
from chipsim.positions import block_at, columns_at
from chipsim.receptive_fields import list_events, list_window
from chipsim.window_in_registers import is_undisturbed, run_window, run_window_of_constant_current

_NONE_MISSED = np.int64(0)


@inlined_stage
def runs_in_registers(block, fields):
    """Whether `run_positions` knows all that happens in this layer."""
    return is_undisturbed(block.neurons, block.circuit) and not fields.scales


@inlined_stage
def learns_in_registers(block, fields):
    """Whether `teach_positions` knows all that happens in this layer."""
    return runs_in_registers(block, fields) and writes_directly(block.synapses, block.circuit)


@rare_stage
def run_positions(block, fields, events, record, windows, columns, seen, tally, s):
    """Window s of all positions, weights left alone. Arguments: see `chipsim.image_cycle.infer_image`.

    Returns the events that positions saw, and the rows added.
    """
    n_steps, n_columns = events.begin.shape[1], block.state.weight.shape[2]
    active = np.int64(0)
    added = np.int64(0)
    for p in fields.positions:
        here = block_at(block, p, fields.columns)
        first = p * fields.width + block.first
        if len(events.amplitude) > 0:
            n = deliver(columns, here.state.weight, seen.events, np.uint64(p), 0)
            active += n_steps * n
            low, high = run_window_of_constant_current(columns, here, seen.events, p, record.fired, s, first)
        else:
            n = list_window(seen, fields, events, s, p)
            active += n
            low, high = run_window(columns, here, seen.events, 0, record.fired, s, first)
        added += n
        tally[LOW] += low
        tally[HIGH] += high
        end_window(columns, here.neurons, here.circuit, record, s, first, first + n_columns, _NONE_MISSED, tally)
    return active, added


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
def teach_own_crossbars(block, fields, events, record, windows, targets, rates, columns, seen, tally, s):
    """Window s of all positions, each with a crossbar of its own. As `run_positions`, and learn."""
    n_steps, n_columns = events.begin.shape[1], block.state.weight.shape[2]
    rate = rates[s]
    active = np.int64(0)
    added = np.int64(0)
    for p in fields.positions:
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
def teach_shared_crossbar(block, fields, events, record, windows, targets, rates, columns, seen, written, tally, s):
    """Window s of all positions on one crossbar. As `run_positions`, and learn.

    columns, written: see `chipsim.image_cycle.learn_shared_weights`.
    """
    n_steps, n_columns = events.begin.shape[1], block.state.weight.shape[2]
    rate = rates[s]
    active = np.int64(0)
    added = np.int64(0)
    for p in fields.positions:
        start_window(columns_at(columns, p), block_at(block, p, fields.columns), windows[s])
    written[:] = -1
    writes = np.int64(0)
    for t in range(n_steps):
        for p in fields.positions:
            mine, here = columns_at(columns, p), block_at(block, p, fields.columns)
            stale = written[p] != writes
            written[p] = writes
            n, rows, wrote = _learn(
                block, mine, here, fields, events, seen, record, targets, rate, s, t, p, stale, tally
            )
            active += n
            added += rows
            writes += np.int64(wrote)
    for p in fields.positions:
        mine, here = columns_at(columns, p), block_at(block, p, fields.columns)
        first = p * fields.width + block.first
        end_window(mine, here.neurons, here.circuit, record, s, first, first + n_columns, _NONE_MISSED, tally)
    return active, added
