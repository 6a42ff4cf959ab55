"""Windows of a layer whose columns see each other: in each step the one that is farthest above its threshold fires.

The winner's spike empties all membranes, and holds them empty for some steps more, in which nothing reaches them. The
layer is one block, and one thread runs it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from chipsim.kernel.adc import convert
from chipsim.kernel.compete_step import ABOVE, charge_of, conclude_of
from chipsim.kernel.disturbances import draw_dither, draw_noise
from chipsim.kernel.missed_counts import draw_next_miss
from chipsim.kernel.parts import Parts
from chipsim.kernel.probes import probe_input, probe_neurons, probe_synapses
from chipsim.kernel.step import HIGH_HITS, LOW_HITS, MISSED_COUNTS
from chipsim.kernel.step_loop import start_of
from chipsim.kernel.updates import writes_of
from chipsim.kernel.views import DENSE
from chipsim.kernel.window_ends import count_events, end_of
from chipsim.layout import HIGH, LOW, MISSED, crossbar_at, follow_spikes, row_of, store_mask
from chipsim.neurons import BEFORE_MISS, CURRENT, MARGIN, MEMBRANE, NOISE
from chipsim.simd import LANES, inlined, outlined

_ONLY = np.uint64(0)
_ZERO = np.float32(0)
_LANES = np.uint64(LANES)


def compete_loop(parts: Parts) -> Any:
    """All columns charge, one wins, all conclude the step."""
    plan, (look, _, _, _) = parts.plan, DENSE
    charge, conclude, end_window, start_window = charge_of(parts), conclude_of(parts), end_of(parts), start_of(parts)
    learns = plan.learns
    write_updates = writes_of(parts) if learns else None
    always = parts.rule is not None and not parts.rule.waits_for_spikes
    traced = any(rows.needs_traces for rows in plan.rows)
    codes = learns and plan.write == "codes"
    before_row, margin_row, membrane_row, current_row, noise_row = (
        row_of(parts.kept, field.name) for field in (BEFORE_MISS, MARGIN, MEMBRANE, CURRENT, NOISE)
    )
    inhibited_at = row_of(parts.places.numbers, "inhibited_steps")

    @inlined  # so that no two arrays are taken for one
    def take(block, fields, events, record, window, targets, moment, state, counters, s):
        n_steps, slot, first = np.uint64(events.begin.shape[1]), np.uint64(block.first), np.int64(block.first)
        active, added, missed, held_for, won = np.int64(0), np.int64(0), np.int64(0), np.int64(0), False
        watched, rows = len(record.probed.neurons) > 0, state.state[_ONLY]
        crossbar = crossbar_at(block, _ONLY)
        weight, gain, offset = crossbar.state.weight, crossbar.synapses.gain, block.circuit.trace_offset
        start_window(block, fields, state, window, _ONLY)
        for t in range(n_steps):
            seen = np.int64(events.end[s, t] - events.begin[s, t])
            active += seen
            if block.circuit.noisy:
                draw_noise(state, block, fields, events, s, window, t, _ONLY, _ONLY, first)
            if codes:
                draw_dither(state, block.circuit, window, t, _ONLY, first)
            if traced:
                follow_spikes(state.eligibility, events, s, np.int64(t), block.circuit.trace_decay)
            if won:
                held_for = np.int64(block.numbers[inhibited_at])
                _clear(rows[membrane_row])
            winner = np.int64(-1)
            if held_for > 0:
                held_for -= 1
                if watched:
                    _clear(rows[current_row])
                    _clear(rows[noise_row])
            else:
                added += seen
                charged = charge(block, state, weight, events, watched, t, s)
                counters[LOW] += charged[LOW_HITS]
                counters[HIGH] += charged[HIGH_HITS]
                if charged[ABOVE] > 0:
                    winner = _winner(rows[margin_row], block.n_columns)
            won = winner >= 0
            _keep_spike(record.spike_bits, s, t, slot, np.uint64(weight.shape[1]), winner)
            if won or watched or always or (learns and t == 0):
                outcome = conclude(block, state, weight, gain, events, targets, moment, watched, t, s, slot, winner)
                if outcome[MISSED_COUNTS] > 0:
                    missed += outcome[MISSED_COUNTS]
                    draw_next_miss(rows[before_row], state, block, window, _ONLY, _ONLY, first)
                if learns:
                    write_updates(
                        state, crossbar, events, s, t, _ONLY, seen, outcome, block.n_columns, offset, counters
                    )
            if watched:
                _note(block, state, record, events, s, crossbar, t, first, learns)
            if len(record.reading.codes) > 0:
                convert(
                    record.reading.codes[s, t, first : first + weight.shape[1]], rows[membrane_row], record.reading.adc
                )
        counters[MISSED] += missed
        end_window(block, state, record, s, _ONLY, _ONLY, first, missed, counters)
        return active, added

    def run(block, fields, events, below, record, windows, targets, moments, state, seen, counters, start, stop):
        active, added = np.int64(0), np.int64(0)
        for s in range(np.uint64(start), np.uint64(stop)):
            look(seen, fields, events, below, s)
            moment = (np.float32(0), np.float32(0))
            if learns:
                moment = (moments[s, 0], moments[s, 1])
            n, rows = take(block, fields, events, record, windows[s], targets, moment, state, counters, s)
            active += n
            added += rows
        count_events(counters, block, fields, active, added)

    return run


@inlined
def _clear(row):
    for i in range(len(row)):
        row[i] = _ZERO


@outlined
def _winner(margins, n):
    """The column of the largest margin of at least 0, the first of equal ones; -1 if there is none."""
    winner, largest = np.int64(-1), _ZERO
    for i in range(n):
        if margins[i] >= _ZERO and (winner < 0 or margins[i] > largest):
            winner, largest = i, margins[i]
    return winner


@outlined
def _keep_spike(spike_bits, s, t, slot, width, winner):
    """One bit of a step's masks, or none."""
    for mask in range(slot // _LANES, (slot + width) // _LANES):
        store_mask(spike_bits, s, t, mask, np.uint16(0))
    if winner >= 0:
        place = slot + np.uint64(winner)
        store_mask(spike_bits, s, t, place // _LANES, np.uint16(np.uint64(1) << place % _LANES))


@outlined
def _note(block, state, record, events, s, crossbar, t, first, learns):
    """What probes show of a step."""
    probe_neurons(state.state[0], block.lasting[0], state.shown, record.probed, s, t, first, block.n_columns)
    probe_input(events, s, len(crossbar.state.weight) - 1, record.probed, s, t)
    if learns:
        probe_synapses(crossbar, record.probed, s, t, first, block.n_columns)
