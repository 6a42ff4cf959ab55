"""Windows step by step: all columns of a block take each step; positions that share a crossbar take it in turn."""

from __future__ import annotations

from typing import Any

import numpy as np

from chipsim.kernel.adc import convert
from chipsim.kernel.disturbances import clock_registers, draw_dither, draw_noise, draw_writing
from chipsim.kernel.missed_counts import draw_next_miss, start_missing
from chipsim.kernel.parts import Parts
from chipsim.kernel.plan import When
from chipsim.kernel.probes import probe_input, probe_neurons, probe_synapses
from chipsim.kernel.step import HIGH_HITS, LOW_HITS, MISSED_COUNTS, SATURATIONS, step_of
from chipsim.kernel.updates import writes_of
from chipsim.kernel.views import DENSE, IMAGE
from chipsim.kernel.window_ends import count_events, end_of
from chipsim.layout import HIGH, LOW, MISSED, SATURATED, crossbar_at, follow_spikes, row_of
from chipsim.neurons import BEFORE_MISS, MEMBRANE
from chipsim.simd import inlined, inlined_in_python, outlined


def step_loop(parts: Parts) -> Any:
    """All columns of a block take each step; positions that share a crossbar take it in turn."""
    plan = parts.plan
    advance, end_window, start_window = step_of(parts), end_of(parts), start_of(parts)
    look, see, seen_by, place_of = IMAGE if plan.image else DENSE
    write_updates = writes_of(parts) if plan.learns else None
    learns, noisy, misses, probed = (
        plan.learns,
        *(each is not When.NEVER for each in (plan.noise, plan.missed, plan.probed)),
    )
    only_spikes, traced, codes = (
        plan.current == "spikes",
        any(rows.needs_traces for rows in plan.rows),
        learns and plan.write in ("codes", "any"),
    )
    in_integers = parts.rule is not None and parts.rule.in_integers
    moment_of, at_step = _moments(learns, in_integers)
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
        offset = block.circuit.trace_offset
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
                if in_integers and block.circuit.taps != np.uint32(0):
                    clock_registers(state, block.registers, block.circuit, t, q)
                elif codes and block.synapses.coded:
                    draw_dither(state, block.circuit, window, t, q, first)
                if traced:
                    follow_spikes(state.eligibility, mine, place, np.int64(t), block.circuit.trace_decay)
                outcome = advance(
                    block, state, weight, gain, mine, place, stale, targets, at_step(moment, t), record.spike_bits,
                    watched, t, p, q, s, slot,
                )  # fmt: skip
                counters[LOW] += outcome[LOW_HITS]
                counters[HIGH] += outcome[HIGH_HITS]
                if in_integers:
                    counters[SATURATED] += outcome[SATURATIONS]
                if misses and outcome[MISSED_COUNTS] > 0:
                    missed += outcome[MISSED_COUNTS]
                    draw_next_miss(state.state[q, before_row], state, block, window, p, q, first)
                if learns:
                    writes += write_updates(
                        state, crossbar, mine, place, t, q, n, outcome, block.n_columns, offset, counters
                    )
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
            moment = moment_of(moments, s)
            for p in range(np.uint64(0), np.uint64(fields.n_positions), np.uint64(len(state.state))):
                n, rows = take(
                    block, fields, events, record, windows[s], targets, moment, state, seen, pixels, counters, s, p
                )
                active += n
                added += rows
        count_events(counters, block, fields, active, added)

    return run


def _moments(learns: bool, in_integers: bool) -> tuple[Any, Any]:
    """Pieces: what is told of a window, and what of it a step is told."""
    return (_words, _word_of_step) if in_integers else (_rate if learns else _nothing, _as_told)


@inlined_in_python
def _nothing(moments, s):
    return np.float32(0), np.float32(0)


@inlined_in_python
def _rate(moments, s):
    return moments[s, 0], moments[s, 1]


@inlined_in_python
def _as_told(moment, t):
    return moment


@inlined_in_python
def _words(moments, s):
    return moments[s]


@inlined_in_python
def _word_of_step(moment, t):
    """Rate, broadcast, and the step's word: its own, or the only one."""
    return moment[0], moment[1], moment[np.uint64(2) + min(t, np.uint64(len(moment)) - np.uint64(3))]


def start_of(parts: Parts) -> Any:
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
