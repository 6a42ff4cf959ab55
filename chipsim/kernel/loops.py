"""The two loops of a layer: windows whose steps nobody sees, and windows taken step by step. One kernel for each plan.

In Local Tandem Learning nothing flows backward and no column sees another, so a layer can run a whole chunk of windows
before the next layer starts, and any range of its columns can run alone: the bits are those of the whole chip stepped
cycle by cycle with the one-step delay of Eq. 2 (each layer's window merely starts one step after the one before).

Where every position of an image has weights of its own, or where weights rest, a position takes a whole window before
the next one starts. A crossbar that all positions share is written by them in turn, within each step: what one writes,
the next one sees.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from chipsim.kernel.adc import convert
from chipsim.kernel.deliver import add_constant_current_rows, start_from_bias
from chipsim.kernel.disturbances import draw_dither, draw_noise, draw_writing
from chipsim.kernel.missed_counts import draw_next_miss, start_missing
from chipsim.kernel.parts import Parts, parts_of
from chipsim.kernel.plan import Order, Plan, When
from chipsim.kernel.probes import probe_input, probe_neurons, probe_synapses
from chipsim.kernel.step import step_of
from chipsim.kernel.views import DENSE, IMAGE
from chipsim.kernel.whole_windows import all_columns, two_positions
from chipsim.kernel.write_open_columns import write_codes, write_devices
from chipsim.layout import (
    ADDED,
    CLIPPED,
    EVENTS,
    FULL,
    HIGH,
    LOW,
    MISSED,
    UPDATES,
    WRITES,
    WRITTEN,
    crossbar_at,
    find_pixels,
    follow_spikes,
    list_events,
    list_window,
    row_of,
    spikes_in_window,
)
from chipsim.neurons import BEFORE_MISS, COUNT, MEMBRANE, pulse_field
from chipsim.simd import inlined, inlined_in_python, kernel_named, outlined
from learning_circuit import Rows

_LOW, _HIGH, _MISSED, _FIRST_UPDATE = range(4)  # of what a step returns
_NONE_MISSED = np.int64(0)


@lru_cache
def kernel_for(plan: Plan) -> Any:
    """The kernel of a settled plan. Every one takes the same arguments:

    block: `chipsim.layout.ColumnBlock` with its axis of crossbars; fields, seen: see `chipsim.layout.receptive_fields`,
    what positions see and room for it; events, below: what the layer sees, and where the masks behind it begin; record:
    what it leaves behind; windows: (S,) int64, each window's number, which keys its noise; targets: (S, slots) float32
    and moments: (S, 2) float32, target rates, and learning rate and broadcast of each window, empty where weights rest;
    state: `chipsim.layout.NeuronState`; counters: gains the COUNTERS; start, stop: the windows to run.
    """
    parts = parts_of(plan)
    return kernel_named(parts.called)(_window_loop(parts) if plan.order is Order.WINDOW else _step_loop(parts))


def _step_loop(parts: Parts) -> Any:
    """All columns of a block take each step; positions that share a crossbar take it in turn."""
    plan = parts.plan
    advance, end_window, start_window = step_of(parts), _end_of(parts), _start_of(parts)
    look, see, seen_by, place_of = IMAGE if plan.image else DENSE
    write_updates = _writes_of(parts, 0) if plan.learns else None
    learns, noisy, misses, probed = (
        plan.learns,
        *(each is not When.NEVER for each in (plan.noise, plan.missed, plan.probed)),
    )
    only_spikes, traced, codes = (
        plan.current == "spikes",
        Rows.TRACES in plan.rows,
        learns and plan.write in ("codes", "any"),
    )
    before_row = row_of(parts.kept, BEFORE_MISS.name) if misses else 0
    membrane_row = row_of(parts.kept, MEMBRANE.name)

    @(outlined if plan.image else inlined)  # either way no two arrays are taken for one
    def take(block, fields, events, record, window, targets, moment, state, seen, pixels, counters, s, first_p):
        n_steps, first_column = np.uint64(events.begin.shape[1]), np.uint64(block.first)
        active, added, missed, writes, watched = np.int64(0), np.int64(0), np.int64(0), np.int64(0), False
        if probed:
            watched = len(record.probed.neurons) > 0
        crossbar = crossbar_at(block, first_p)
        weight, gain = crossbar.state.weight, crossbar.synapses.gain
        start_window(block, fields, state, window, first_p)
        for t in range(n_steps):
            for q in range(np.uint64(len(state.state))):
                p = first_p + q
                first = np.int64(p * np.uint64(fields.columns) + first_column)
                slot = p * np.uint64(fields.width) + first_column
                place = place_of(events, s, p)
                n = see(seen, pixels, fields, events, s, t, p, place)
                mine = seen_by(seen, events)
                stale = True
                if not only_spikes and len(events.amplitude) > 0:
                    stale = state.delivered[q] != writes
                    state.delivered[q] = writes
                active += n
                added += n if stale else np.int64(0)
                if noisy and block.circuit.noisy:
                    draw_noise(state, block, fields, mine, place, window, t, p, q, first)
                if codes and block.synapses.coded:
                    draw_dither(state, block.circuit, window, t, q, first)
                if traced:
                    follow_spikes(state.eligibility, mine, place, np.int64(t), block.circuit.trace_decay)
                outcome = advance(
                    block, state, weight, gain, mine, place, stale, targets, moment, record.spike_bits, watched,
                    t, p, q, s, slot,
                )  # fmt: skip
                counters[LOW] += outcome[_LOW]
                counters[HIGH] += outcome[_HIGH]
                if misses and outcome[_MISSED] > 0:
                    missed += outcome[_MISSED]
                    draw_next_miss(state.state[q, before_row], state, block, window, p, q, first)
                if learns:
                    writes += write_updates(state, crossbar, mine, place, t, q, n, outcome, block.n_columns, counters)
                if probed:
                    if watched:
                        _note(block, state, record, mine, place, crossbar, s, t, p, q, first, fields, learns)
                    if len(record.reading.codes) > 0:
                        codes_now = record.reading.codes[s, t, first : first + weight.shape[1]]
                        convert(codes_now, state.state[q, membrane_row], record.reading.adc)
        counters[MISSED] += missed
        for q in range(np.uint64(len(state.state))):
            slot = (first_p + q) * np.uint64(fields.width) + first_column
            end_window(block, state, record, s, q, np.int64(slot), missed, counters)
            missed = np.int64(0)  # counted once
        return active, added

    def run(block, fields, events, below, record, windows, targets, moments, state, seen, counters, start, stop):
        active, added = np.int64(0), np.int64(0)
        for s in range(np.uint64(start), np.uint64(stop)):
            pixels = look(seen, fields, events, below, s)
            moment = (np.float32(0), np.float32(0))
            if learns:
                moment = (moments[s, 0], moments[s, 1])
            for p in range(np.uint64(0), np.uint64(fields.n_positions), np.uint64(len(state.state))):
                n, rows = take(
                    block, fields, events, record, windows[s], targets, moment, state, seen, pixels, counters, s, p
                )
                active += n
                added += rows
        _count_events(counters, block, fields, active, added)

    return run


def _start_of(parts: Parts) -> Any:
    """A window of some positions begins, their states being the first ones."""
    misses, draws = parts.plan.missed is not When.NEVER, parts.plan.learns and parts.plan.write != "direct"
    before_row = row_of(parts.kept, BEFORE_MISS.name) if misses else 0

    @inlined
    def start_window(block, fields, state, window, first_p):
        for q in range(np.uint64(len(state.state))):
            p = first_p + q
            first = np.int64(p * np.uint64(fields.columns) + np.uint64(block.first))
            for f in range(np.uint64(len(state.starts))):
                start, row = state.starts[f], state.state[q, f]
                for i in range(np.uint64(len(row))):  # a slice would ask whether it fits, which takes ten times as long
                    row[i] = start
            state.delivered[q] = -1
            if misses and block.circuit.has_misses:
                start_missing(state.state[q, before_row], state, block, window, p, q, first)
            if draws:
                draw_writing(state, block.circuit, window, q, first)

    return start_window


def _end_of(parts: Parts) -> Any:
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


def _writes_of(parts: Parts, number: int) -> Any:
    """What is left to do of update `number` of a step, and of all that follow: returns whether anything was written."""
    plan = parts.plan
    is_last = number == len(plan.rows) - 1
    following = None if is_last else _writes_of(parts, number + 1)
    rows_of, place_of, active_in = _ROWS[plan.rows[number]]
    asks, codes, devices = plan.write == "any", plan.write in ("codes", "any"), plan.write in ("devices", "any")
    pulse_row = row_of(parts.kept, pulse_field(number).name) if plan.write != "direct" else 0
    at = _FIRST_UPDATE + number

    @inlined
    def write(state, crossbar, events, place, t, q, n, outcome, n_columns, counters):
        n_open = outcome[at]
        if n_open > 0:
            active = active_in(state, n, t)
            counters[UPDATES] += (active + 1) * n_open
            listed, where, pulse = rows_of(state, events), place_of(place), state.state[q, pulse_row]
            n_written = n_columns
            if codes and (not asks or crossbar.synapses.coded):
                written, held = write_codes(state, crossbar, pulse, listed, where, t, q)
                counters[WRITES] += written
                counters[CLIPPED] += held
                n_written = n_open
            elif devices and (not asks or crossbar.update.imperfect):
                _, held = write_devices(state, crossbar, pulse, listed, where, t, q)
                counters[CLIPPED] += held
                n_written = n_open
            counters[WRITTEN] += active * n_written
        return np.int64(n_open > 0)

    if is_last:
        return write

    @inlined
    def write_all(state, crossbar, events, place, t, q, n, outcome, n_columns, counters):
        mine = write(state, crossbar, events, place, t, q, n, outcome, n_columns, counters)
        return mine | following(state, crossbar, events, place, t, q, n, outcome, n_columns, counters)

    return write_all


@inlined_in_python
def _spikes(state, events):
    return events


@inlined_in_python
def _traces(state, events):
    return state.eligibility.rows


@inlined_in_python
def _every_row(state, events):
    return state.every_row


@inlined_in_python
def _the_same(place):
    return place


@inlined_in_python
def _the_only(place):
    return np.uint64(0)


@inlined_in_python
def _as_seen(state, n, t):
    return n


@inlined_in_python
def _traced_rows(state, n, t):
    return np.int64(state.eligibility.rows.end[0, t])


@inlined_in_python
def _all_rows(state, n, t):
    return np.int64(state.every_row.end[0, t])


# Of each kind of rows: the events that name them, in which of their windows, and how many are active.
_ROWS = {
    Rows.SPIKES: (_spikes, _the_same, _as_seen),
    Rows.TRACES: (_traces, _the_only, _traced_rows),
    Rows.ALL: (_every_row, _the_only, _all_rows),
}


@outlined
def _note(block, state, record, events, place, crossbar, s, t, p, q, first, fields, learns):
    """What probes show of a step of position p."""
    probed = record.probed
    probe_neurons(state.state[q], block.lasting[p], state.shown, probed, s, t, first, block.n_columns)
    # All blocks of a position see the same input; one notes it.
    if block.first == 0 and np.uint64(probed.neurons[0]) // np.uint64(fields.columns) == p:
        probe_input(events, place, len(crossbar.state.weight) - 1, probed, s, t)
    if learns:
        probe_synapses(crossbar, probed, s, t, first, block.n_columns)


def _window_loop(parts: Parts) -> Any:
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
        _count_events(counters, block, fields, active, added)

    return run


def _dense_window(parts: Parts) -> Any:
    run_window, end_window = all_columns(parts), _end_of(parts)
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
        end_window(block, state, record, s, only, np.int64(first), _NONE_MISSED, counters)
        return n, n

    return take


def _image_window(parts: Parts) -> Any:
    run_window, end_window = all_columns(parts), _end_of(parts)

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
            end_window(block, state, record, s, only, np.int64(slot), _NONE_MISSED, counters)
        return n, n

    return take


def _image_window_of_constant_current(parts: Parts) -> Any:
    """Two positions at once; an odd one at the end is a pair with itself."""
    run_both, end_window = two_positions(parts), _end_of(parts)

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
            end_window(block, state, record, s, one, np.int64(slots[0]), _NONE_MISSED, counters)
            if both[1] > p:
                counters[LOW] += hits[2]
                counters[HIGH] += hits[3]
                end_window(block, state, record, s, other, np.int64(slots[1]), _NONE_MISSED, counters)
        return events.begin.shape[1] * added, added

    return take


@inlined
def _copy(target, source):
    for i in range(len(target)):
        target[i] = source[i]


@inlined_in_python
def _count_events(counters, block, fields, active, added):
    """active: events that positions saw. A pooling layer's meet one synapse each, whichever block that stands in."""
    if not fields.pools:
        counters[EVENTS] += active * block.n_columns
    elif block.first == 0:
        counters[EVENTS] += active
    counters[ADDED] += added * block.n_columns
