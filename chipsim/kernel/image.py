"""The hot loop of layers on an image: the stages of `chipsim.kernel.dense`, position by position.

Where weights rest, or where every position has its own, a position takes a whole window before the next one starts.
A crossbar that all positions share is written by them in turn, within each step: what one writes, the next one sees.
"""

from __future__ import annotations

import numpy as np

from chipsim.kernel.dense import (
    deliver,
    draw_uniform,
    end_window,
    fire_and_count,
    learn_step,
    power_of,
    scale_with_reads,
    start_learning_window,
    start_window,
)
from chipsim.kernel.probes import probe_input, probe_learning, probe_neurons
from chipsim.layout import (
    ADDED,
    EVENTS,
    MISSED,
    block_at_position,
    find_pixels,
    list_constant_current,
    list_events,
    list_learning_window,
    neuron_state_at,
)
from chipsim.random import gaussians, words_of_four_steps
from chipsim.simd import inlined_in_python, kernel, outlined

_ONE = np.float32(1)


@inlined_in_python
def _deliver(neuron_state, here, fields, seen, t, p, place):
    """Column currents of position p. Returns the rows added."""
    added = deliver(neuron_state, here.state.weight, seen.events, np.uint64(place), t)
    if fields.scales:
        gain = fields.drive_gain[p]
        for i in range(len(gain)):
            neuron_state.drive[i] *= gain[i]
    return added


@inlined_in_python
def _disturb(neuron_state, here, fields, seen, window, t, place):
    """Noise of this step; random numbers are drawn for four steps at once, as `chipsim.kernel.dense` does."""
    neurons = here.neurons
    if t % 4 == 0:
        key = (neurons.noise_key[0], neurons.noise_key[1])
        words_of_four_steps(neuron_state.words, key, window, neurons.layer, t // 4, here.first)
        gaussians(neuron_state.noise, neuron_state.words)
    noise = neuron_state.noise[t % 4]
    if not neurons.reads:
        for i in range(len(noise)):
            noise[i] *= neurons.noise[i]
    elif fields.pools:
        _scale_with_own_reads(noise, here, fields, seen, t, place)
    else:
        power = power_of(seen.events, place, t)
        scale_with_reads(noise, neurons.noise, neurons.read_noise, here.synapses.full_scale, power)


@outlined
def _scale_with_own_reads(noise, here, fields, seen, t, place):
    """Of a pooling layer, where events reach a column from its own channel alone."""
    events, sigma, read_noise = seen.events, here.neurons.noise, here.neurons.read_noise
    for i in range(len(noise)):
        power = _ONE
        for k in range(events.begin[place, t], events.end[place, t]):
            if (events.rows[place, k] - here.first - i) % fields.columns == 0:
                x = events.amplitude[place, k] if len(events.amplitude) > 0 else _ONE
                power += x * x
        event = read_noise[i] * here.synapses.full_scale
        noise[i] *= np.sqrt(sigma[i] * sigma[i] + power * (event * event))


@inlined_in_python
def _integrate_and_fire(neuron_state, here, fields, seen, record, window, s, t, p, place, first, counters):
    """A position's neurons, once its columns have delivered. first: the block's first column."""
    if here.neurons.noisy:
        _disturb(neuron_state, here, fields, seen, window, t, place)
    bit = p * fields.width + first
    fire_and_count(neuron_state, here.neurons, here.circuit, record, window, s, t, here.first, bit, counters)


@inlined_in_python
def _watch(neuron_state, here, fields, seen, signals, s, t, p, place):
    probe_neurons(neuron_state, here, signals, s, t)
    # All blocks of a position see the same input; one notes it.
    if here.first == p * fields.columns and len(signals.neurons) > 0 and signals.neurons[0] // fields.columns == p:
        probe_input(seen.events, place, len(here.state.weight) - 1, signals, s, t)


@inlined_in_python
def count_events(counters, block, fields, active, added):
    """active: events that positions saw. A pooling layer's meet one synapse each, whichever block that stands in."""
    if not fields.pools:
        counters[EVENTS] += active * block.n_columns
    elif block.first == 0:
        counters[EVENTS] += active
    counters[ADDED] += added * block.n_columns


@kernel
def infer_image(block, fields, events, below, record, windows, neuron_state, seen, counters, start, stop):
    """As `chipsim.kernel.dense.infer_block`, for a block of the columns of every position.

    block: see `chipsim.layout.position_views`; fields, seen, below: see `chipsim.layout.receptive_fields`; columns: of
    two positions.
    """
    n_steps, n_columns = events.begin.shape[1], block.state.weight.shape[2]
    constant_current = len(events.amplitude) > 0
    mine = neuron_state_at(neuron_state, 0)
    watching = len(record.signals.neurons) > 0
    active = np.int64(0)
    added = np.int64(0)
    for s in range(start, stop):
        pixels = find_pixels(seen, fields, events, below, s)
        for p in range(fields.n_positions):
            here = block_at_position(block, p, fields.columns)
            start_window(mine, here, windows[s])
            if constant_current:
                list_constant_current(seen, pixels, fields, events, s, p, 0)
            missed_before = counters[MISSED]
            for t in range(n_steps):
                if not constant_current:
                    list_events(seen, pixels, fields, events, s, t, p, 0, 0)
                active += np.int64(seen.events.end[0, t])
                if t == 0 or not constant_current:
                    added += _deliver(mine, here, fields, seen, t, p, 0)
                _integrate_and_fire(mine, here, fields, seen, record, windows[s], s, t, p, 0, block.first, counters)
                if watching:
                    _watch(mine, here, fields, seen, record.signals, s, t, p, 0)
            first = p * fields.width + block.first
            missed = counters[MISSED] - missed_before
            end_window(mine, here.neurons, here.circuit, record, s, first, first + n_columns, missed, counters)
    count_events(counters, block, fields, active, added)


@inlined_in_python
def _learn_step(
    block, neuron_state, here, fields, events, seen, pixels, record, windows, targets, rates, s, t, p, stale, counters
):
    """Step t of window s at position p. columns, here: the position's own.

    stale: weights have changed since a constant current was delivered. Returns (rows added, whether it wrote).
    """
    constant_current = len(events.amplitude) > 0
    place = p if constant_current else np.int64(0)
    first = p * fields.width + block.first
    target = targets[s, first : first + len(neuron_state.membrane)]
    watching = len(record.signals.neurons) > 0
    added = np.int64(0)
    if not constant_current:
        list_events(seen, pixels, fields, events, s, t, p, place, 0)
    if stale or not constant_current:
        added = _deliver(neuron_state, here, fields, seen, t, p, place)
    if block.synapses.coded and t % 4 == 0:
        key = here.circuit.dither_key
        draw_uniform(neuron_state.dither, neuron_state.words, key, here.neurons.layer, windows[s], t, here.first)
    _integrate_and_fire(neuron_state, here, fields, seen, record, windows[s], s, t, p, place, block.first, counters)
    if watching:
        _watch(neuron_state, here, fields, seen, record.signals, s, t, p, place)
    wrote = learn_step(neuron_state, here, seen.events, target, rates[s], np.uint64(place), t, counters)
    if watching:
        probe_learning(neuron_state, here, record.signals, s, t, _ONE / np.float32(t + 1))
    return added, wrote


@kernel
def learn_image(
    block, fields, events, below, record, windows, targets, rates, neuron_state, seen, written, counters, start, stop
):
    """As `chipsim.kernel.dense.learn_block`, for a block of the columns of every position.

    columns: of all positions, if they share a crossbar, else of one; written: int64, room for as many: after how many
    writes each one's constant current was delivered.
    """
    n_steps, n_columns = events.begin.shape[1], block.state.weight.shape[2]
    constant_current = len(events.amplitude) > 0
    together = len(written)
    active = np.int64(0)
    added = np.int64(0)
    for s in range(start, stop):
        pixels = list_learning_window(seen, fields, events, below, s)
        for first_p in range(0, fields.n_positions, together):
            missed_before = counters[MISSED]
            for q in range(together):
                mine, here = neuron_state_at(neuron_state, q), block_at_position(block, first_p + q, fields.columns)
                start_window(mine, here, windows[s])
                start_learning_window(mine, here, windows[s])
            written[:] = -1
            writes = np.int64(0)
            for t in range(n_steps):
                for q in range(together):
                    p = first_p + q
                    mine, here = neuron_state_at(neuron_state, q), block_at_position(block, p, fields.columns)
                    stale = written[q] != writes
                    written[q] = writes
                    rows, wrote = _learn_step(
                        block,
                        mine,
                        here,
                        fields,
                        events,
                        seen,
                        pixels,
                        record,
                        windows,
                        targets,
                        rates,
                        s,
                        t,
                        p,
                        stale,
                        counters,
                    )
                    added += rows
                    active += np.int64(seen.events.end[np.uint64(p if constant_current else 0), t])
                    writes += np.int64(wrote)
            missed = counters[MISSED] - missed_before
            for q in range(together):
                mine, here = neuron_state_at(neuron_state, q), block_at_position(block, first_p + q, fields.columns)
                first = (first_p + q) * fields.width + block.first
                end_window(mine, here.neurons, here.circuit, record, s, first, first + n_columns, missed, counters)
                missed = np.int64(0)  # counted once
    count_events(counters, block, fields, active, added)
