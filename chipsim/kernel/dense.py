"""The hot loop: what a layer does in each cycle of a window, stage by stage in hardware order.

In Local Tandem Learning nothing flows backward and no column sees another, so a layer can run a whole chunk of windows
before the next layer starts, and any range of its columns can run alone: the bits are those of the whole chip stepped
cycle by cycle with the one-step delay of Eq. 2 (each layer's window merely starts one step after the one before).
"""

from __future__ import annotations

import numpy as np

from chipsim.kernel.accumulators import accumulate
from chipsim.kernel.adc import convert
from chipsim.kernel.deliver import add_constant_current_rows, add_rows_to_bias
from chipsim.kernel.gate import gate
from chipsim.kernel.missed_counts import count_with_misses, start_missing
from chipsim.kernel.neuron import add_noise, filter_current, fire, integrate_peak, integrate_readout
from chipsim.kernel.probes import probe_input, probe_learning, probe_neurons
from chipsim.kernel.write_open_columns import write_open_columns
from chipsim.kernel.write_rows import write_constant_current_rows, write_row, write_rows
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
    follow_spikes,
    spikes_in_window,
)
from chipsim.random import gaussians, uniform, words_of_columns, words_of_four_steps
from chipsim.simd import inlined, inlined_in_python, kernel, outlined, prefetch_window

_ZERO = np.float32(0)
_ONE = np.float32(1)
_NO_PEAK = np.float32(-np.inf)


@inlined_in_python
def _copy(target, source):
    for i in range(len(target)):
        target[i] = source[i]


@inlined_in_python
def start_window(neuron_state, block, window):
    """Clear what a window leaves behind. window: its number."""
    neurons, circuit = block.neurons, block.circuit
    neuron_state.synaptic[:] = _ZERO
    neuron_state.membrane[:] = _ZERO
    neuron_state.spiked[:] = _ZERO
    neuron_state.count[:] = _NO_PEAK if neurons.peak else _ZERO
    neuron_state.all_spikes[:] = _ZERO
    neuron_state.target_count[:] = _ZERO
    if circuit.has_misses:
        start_missing(neuron_state.miss_state, circuit, neurons.layer, window, block.first)


@inlined_in_python
def start_learning_window(neuron_state, block, window):
    """Draw the words behind the random numbers of a window's writes."""
    update = block.circuit.update
    if update.temporal:
        key = (update.key[0], update.key[1])
        words_of_columns(neuron_state.writing.words, key, window, block.neurons.layer, block.first)


@inlined_in_python
def deliver(neuron_state, weight, events, s, t):
    """Column currents of step t (0-based) of window s. Returns the number of rows added."""
    begin, end = events.begin[s, t], events.end[s, t]
    if len(events.amplitude) > 0:
        _copy(neuron_state.drive, weight[len(weight) - 1])
        add_constant_current_rows(neuron_state.drive, weight, events.rows[s, begin:end], events.amplitude[s, begin:end])
    else:
        add_rows_to_bias(neuron_state.drive, weight, events.rows[s], begin, end)
    return np.int64(end - begin)


@inlined_in_python
def draw_noise(neuron_state, neurons, full_scale, events, s, window, t, first):
    """Membrane noise of steps t .. t + 3, read noise of their events included (see nonideality.read)."""
    key = (neurons.noise_key[0], neurons.noise_key[1])
    words_of_four_steps(neuron_state.words, key, window, neurons.layer, t // 4, first)
    gaussians(neuron_state.noise, neuron_state.words)
    sigma = neurons.noise
    if neurons.reads:
        for step in range(min(4, events.begin.shape[1] - t)):
            scale_with_reads(
                neuron_state.noise[step], sigma, neurons.read_noise, full_scale, power_of(events, s, t + step)
            )
        return
    for step in range(4):
        noise = neuron_state.noise[step]
        for i in range(len(noise)):
            noise[i] *= sigma[i]


@inlined_in_python
def power_of(events, s, t):
    """Sum of the squared amplitudes of a step's events, bias included: what multiplies the variance of one event."""
    begin, end = events.begin[s, t], events.end[s, t]
    if len(events.amplitude) > 0:
        return _power(events.amplitude[s, begin:end])
    return np.float32(end - begin + 1)


@outlined
def _power(amplitude):
    power = _ONE
    for x in amplitude:
        power += x * x
    return power


@outlined
def scale_with_reads(noise, sigma, read_noise, full_scale, power):
    for i in range(len(noise)):
        event = read_noise[i] * full_scale
        noise[i] *= np.sqrt(sigma[i] * sigma[i] + power * (event * event))


@inlined_in_python
def draw_uniform(out, words, stream, layer, window, t, first):
    """Uniform numbers of steps t .. t + 3: out (4, n) float32."""
    words_of_four_steps(words, (stream[0], stream[1]), window, layer, t // 4, first)
    for step in range(4):
        values, bits = out[step], words[step]
        for i in range(len(values)):
            values[i] = uniform(bits[i])


@inlined_in_python
def fire_and_count(neuron_state, neurons, circuit, record, window, s, t, first, place, counters):
    """Integrate, fire and count. first: the first column's neuron, place: where its spikes are kept in the record."""
    current = neuron_state.drive
    if neurons.exponential:
        current = neuron_state.synaptic
        filter_current(current, neuron_state.drive, neurons.current_decay)
    if neurons.noisy:
        add_noise(neuron_state.current, current, neuron_state.noise[t % 4])
        current = neuron_state.current
    if neurons.peak:
        integrate_peak(neuron_state.membrane, neuron_state.count, current, neurons)
    elif neurons.integrating:
        integrate_readout(neuron_state.membrane, neuron_state.count, current, neurons)
    else:
        low, high = fire(
            neuron_state.membrane,
            neuron_state.spiked,
            neuron_state.all_spikes if circuit.has_misses else neuron_state.count,
            current,
            neurons,
            circuit.accumulator_full,
            record.spike_bits,
            s,
            t,
            place,
        )
        counters[LOW] += low
        counters[HIGH] += high
        if circuit.has_misses:
            counters[MISSED] += count_with_misses(neuron_state, circuit, neurons.layer, window, first)


@inlined
def accumulate_targets(target_count, target, full):
    for i in range(len(target_count)):
        target_count[i] = accumulate(target_count[i], target[i], full)


@inlined_in_python
def write(neuron_state, synapses, state, events, s, t):
    """Every synapse whose row spiked in this step, and the bias, moves by its column's pulse (Eq. 10)."""
    begin, end = events.begin[s, t], events.end[s, t]
    rows = events.rows[s, begin:end]
    if len(events.amplitude) > 0:
        write_constant_current_rows(
            state.weight, synapses.gain, rows, events.amplitude[s, begin:end], neuron_state.pulse
        )
    else:
        write_rows(state.weight, synapses.gain, events.rows[s], begin, end, neuron_state.pulse, neuron_state.scaled)
    write_row(state.weight, synapses.gain, len(state.weight) - 1, neuron_state.pulse)


@outlined
def _write_traced(neuron_state, block, t):
    """As `write` or `write_open_columns`, on every row that has left a trace."""
    traced = neuron_state.eligibility.rows
    if block.synapses.coded or block.circuit.update.imperfect:
        return write_open_columns(neuron_state, block, traced, np.int64(0), t)
    write(neuron_state, block.synapses, block.state, traced, np.int64(0), t)
    return np.int64(0), np.int64(0)


@inlined_in_python
def learn_step(neuron_state, block, events, target, rate, s, t, counters):
    """Gate the errors of step t (0-based) and write what they ask for. Returns whether any synapse was written."""
    synapses, state, circuit = block.synapses, block.state, block.circuit
    active = np.int64(events.end[s, t] - events.begin[s, t])
    if circuit.traced:
        active = follow_spikes(neuron_state.eligibility, events, s, t, circuit.trace_decay)
    if t < circuit.warm_up:
        accumulate_targets(neuron_state.target_count, target, circuit.accumulator_full)
        return False
    n_open = gate(
        neuron_state.pulse,
        neuron_state.target_count,
        target,
        neuron_state.count,
        neuron_state.membrane,
        circuit,
        rate,
        _ONE / np.float32(t + 1),
    )
    if n_open > 0:
        if circuit.traced:
            written, held = _write_traced(neuron_state, block, t)
            counters[WRITES] += written
            counters[CLIPPED] += held
            counters[WRITTEN] += active * n_open
        elif synapses.coded or circuit.update.imperfect:
            written, held = write_open_columns(neuron_state, block, events, s, t)
            counters[WRITES] += written
            counters[CLIPPED] += held
            counters[WRITTEN] += active * n_open
        else:
            write(neuron_state, synapses, state, events, s, t)
            counters[WRITTEN] += active * block.n_columns
        counters[UPDATES] += (active + 1) * n_open
    return n_open > 0


@inlined_in_python
def end_window(neuron_state, neurons, circuit, record, s, first, last, missed, counters):
    """Leave counts and membranes in the record, and tally what met its limit. missed: spikes missed in this window."""
    _copy(record.count[s, first:last], neuron_state.count)
    if len(record.membrane) > 0:
        _copy(record.membrane[s, first:last], neuron_state.membrane)
    steps = record.spike_bits.shape[2]
    if not neurons.integrating and np.float32(steps) > circuit.accumulator_full:
        counters[FULL] += spikes_in_window(record.spike_bits, s, first, last - first)
        for i in range(last - first):
            counters[FULL] -= np.int64(neuron_state.count[i])
        counters[FULL] -= missed


@kernel
def infer_block(block, events, record, windows, neuron_state, counters, start, stop):
    """Run windows start .. stop - 1 of a chunk through a block of a layer's columns, weights left alone.

    block, events, record: see `chipsim.layout.tables`; windows: (S,) int64, each window's number, which keys its noise;
    neuron_state: `chipsim.layout.neuron_state.NeuronState`; counters: (10,) int64, gains the COUNTERS. Writes
    `record`.
    """
    state, neurons, circuit = block.state, block.neurons, block.circuit
    first, last, n = block.first, block.first + state.weight.shape[1], block.n_columns
    constant_current = len(events.amplitude) > 0
    watching, tracing = len(record.signals.neurons) > 0, len(record.reading.codes) > 0
    active = np.int64(0)
    added = np.int64(0)
    for s in range(start, stop):
        start_window(neuron_state, block, windows[s])
        prefetch_window(events.rows, events.end, s + 1)
        missed_before = counters[MISSED]
        for t in range(events.begin.shape[1]):
            active += np.int64(events.end[s, t] - events.begin[s, t])
            if t == 0 or not constant_current:  # a constant current stays what it is
                added += deliver(neuron_state, state.weight, events, s, t)
            if neurons.noisy and t % 4 == 0:
                draw_noise(neuron_state, neurons, block.synapses.full_scale, events, s, windows[s], t, first)
            fire_and_count(neuron_state, neurons, circuit, record, windows[s], s, t, first, first, counters)
            if watching:
                probe_neurons(neuron_state, block, record.signals, s, t)
                if first == 0:  # all blocks see the same input; one notes it
                    probe_input(events, s, len(state.weight) - 1, record.signals, s, t)
            if tracing:
                convert(record.reading.codes[s, t, first:last], neuron_state.membrane, record.reading.adc)
        end_window(neuron_state, neurons, circuit, record, s, first, last, counters[MISSED] - missed_before, counters)
    counters[EVENTS] += active * n
    counters[ADDED] += added * n


@kernel
def learn_block(block, events, record, windows, targets, rates, neuron_state, counters, start, stop):
    """As `infer_block`, and learn: after each step, open columns write the rows that spiked.

    targets: (S, n_out) float32, target rates (spikes per step); rates: (S,) float32, learning rate of each window.
    """
    synapses, state, neurons, circuit = block.synapses, block.state, block.neurons, block.circuit
    first, last, n = block.first, block.first + state.weight.shape[1], block.n_columns
    constant_current = len(events.amplitude) > 0
    watching = len(record.signals.neurons) > 0
    active = np.int64(0)
    added = np.int64(0)
    for s in range(start, stop):
        start_window(neuron_state, block, windows[s])
        prefetch_window(events.rows, events.end, s + 1)
        missed_before = counters[MISSED]
        start_learning_window(neuron_state, block, windows[s])
        target = targets[s, first:last]
        changed = True
        for t in range(events.begin.shape[1]):
            active += np.int64(events.end[s, t] - events.begin[s, t])
            if changed or not constant_current:  # a constant current changes only with the weights
                added += deliver(neuron_state, state.weight, events, s, t)
                changed = False
            if neurons.noisy and t % 4 == 0:
                draw_noise(neuron_state, neurons, block.synapses.full_scale, events, s, windows[s], t, first)
            if synapses.coded and t % 4 == 0:
                draw_uniform(
                    neuron_state.dither, neuron_state.words, circuit.dither_key, neurons.layer, windows[s], t, first
                )
            fire_and_count(neuron_state, neurons, circuit, record, windows[s], s, t, first, first, counters)
            if watching:
                probe_neurons(neuron_state, block, record.signals, s, t)
                if first == 0:  # all blocks see the same input; one notes it
                    probe_input(events, s, len(state.weight) - 1, record.signals, s, t)
            per_step = _ONE / np.float32(t + 1)
            changed = learn_step(neuron_state, block, events, target, rates[s], s, t, counters) or changed
            if watching:
                probe_learning(neuron_state, block, record.signals, s, t, per_step)
        end_window(neuron_state, neurons, circuit, record, s, first, last, counters[MISSED] - missed_before, counters)
    counters[EVENTS] += active * n
    counters[ADDED] += added * n
