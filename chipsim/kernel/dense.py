"""The hot loop: what a layer does in each cycle of a window, stage by stage in hardware order.

In Local Tandem Learning nothing flows backward and no column sees another, so a layer can run a whole chunk of windows
before the next layer starts, and any range of its columns can run alone: the bits are those of the whole chip stepped
cycle by cycle with the one-step delay of Eq. 2 (each layer's window merely starts one step after the one before).
"""

from __future__ import annotations

import numpy as np

from chipsim.kernel.adc import convert
from chipsim.kernel.counters import accumulate
from chipsim.kernel.deliver import add_graded_rows, add_rows_to_bias
from chipsim.kernel.gate import gate
from chipsim.kernel.missed_counts import count_with_misses, start_missing
from chipsim.kernel.neuron import add_noise, filter_current, fire, integrate_peak, integrate_readout
from chipsim.kernel.probes import note, note_input, note_learning
from chipsim.kernel.write_open_columns import write_open_columns
from chipsim.kernel.write_rows import write_row, write_rows, write_rows_graded
from chipsim.layout.eligibility import follow_spikes
from chipsim.layout.spike_bits import spikes_in_window
from chipsim.random.normals import gaussians
from chipsim.random.philox import uniform, words_of_four_steps
from chipsim.random.write_words import words_of_columns
from chipsim.simd.kernel import inlined_stage, kernel, rare_stage, stage
from chipsim.simd.prefetch import prefetch_window

# What a block run counts, by position in the array that it returns.
TALLY = (
    "synaptic_events",  # an active input row meeting a synapse, bias not counted
    "weight_updates",  # a pulse on a synapse, bias counted
    "code_writes",  # a stored few-bit weight that changed
    "membrane_low_rail",  # a step of a neuron clipped there
    "membrane_high_rail",
    "accumulator_full",  # a spike that was not counted
    "weight_full_scale",  # a write held back at the end of a weight's range
    "missed_counts",  # a spike that the accumulator missed
    # The simulator's own work rather than the chip's; depends on how columns are split:
    "synapses_added",
    "synapses_written",
)
WORK = ("synapses_added", "synapses_written")
# What is known of every chunk, per layer: besides, at no cost to the loop, the spikes that a layer sent on, and the
# input events that bit errors on the host link lost (see chipsim.die.link).
ACTIVITY = (*(name for name in TALLY if name not in WORK), "spikes", "events_lost")
EVENTS, UPDATES, WRITES, LOW, HIGH, FULL, CLIPPED, MISSED, ADDED, WRITTEN = range(len(TALLY))
_ZERO = np.float32(0)
_ONE = np.float32(1)
_NO_PEAK = np.float32(-np.inf)


@inlined_stage
def _copy(target, source):
    for i in range(len(target)):
        target[i] = source[i]


@inlined_stage
def start_window(columns, block, window):
    """Clear what a window leaves behind. window: its number."""
    neurons, circuit = block.neurons, block.circuit
    columns.synaptic[:] = _ZERO
    columns.membrane[:] = _ZERO
    columns.spiked[:] = _ZERO
    columns.count[:] = _NO_PEAK if neurons.peak else _ZERO
    columns.all_spikes[:] = _ZERO
    columns.target_count[:] = _ZERO
    if circuit.misses:
        start_missing(columns.missing, circuit, neurons.layer, window, block.first)


@inlined_stage
def start_lesson(columns, block, window):
    """Draw the words behind the random numbers of a window's writes."""
    update = block.circuit.update
    if update.temporal:
        key = (update.key[0], update.key[1])
        words_of_columns(columns.writing.words, key, window, block.neurons.layer, block.first)


@inlined_stage
def deliver(columns, weight, events, s, t):
    """Column currents of step t (0-based) of window s. Returns the number of rows added."""
    begin, end = events.begin[s, t], events.end[s, t]
    if len(events.amplitude) > 0:
        _copy(columns.drive, weight[len(weight) - 1])
        add_graded_rows(columns.drive, weight, events.rows[s, begin:end], events.amplitude[s, begin:end])
    else:
        add_rows_to_bias(columns.drive, weight, events.rows[s], begin, end)
    return np.int64(end - begin)


@inlined_stage
def draw_noise(columns, neurons, full_scale, events, s, window, t, first):
    """Membrane noise of steps t .. t + 3, read noise of their events included (see nonideality.read)."""
    key = (neurons.noise_key[0], neurons.noise_key[1])
    words_of_four_steps(columns.words, key, window, neurons.layer, t // 4, first)
    gaussians(columns.noise, columns.words)
    sigma = neurons.noise
    if neurons.reads:
        for step in range(min(4, events.begin.shape[1] - t)):
            scale_with_reads(columns.noise[step], sigma, neurons.read_noise, full_scale, power_of(events, s, t + step))
        return
    for step in range(4):
        noise = columns.noise[step]
        for i in range(len(noise)):
            noise[i] *= sigma[i]


@inlined_stage
def power_of(events, s, t):
    """Sum of the squared amplitudes of a step's events, bias included: what multiplies the variance of one event."""
    begin, end = events.begin[s, t], events.end[s, t]
    if len(events.amplitude) > 0:
        return _power(events.amplitude[s, begin:end])
    return np.float32(end - begin + 1)


@rare_stage
def _power(amplitude):
    power = _ONE
    for x in amplitude:
        power += x * x
    return power


@rare_stage
def scale_with_reads(noise, sigma, read_noise, full_scale, power):
    for i in range(len(noise)):
        event = read_noise[i] * full_scale
        noise[i] *= np.sqrt(sigma[i] * sigma[i] + power * (event * event))


@inlined_stage
def draw_uniform(out, words, stream, layer, window, t, first):
    """Uniform numbers of steps t .. t + 3: out (4, n) float32."""
    words_of_four_steps(words, (stream[0], stream[1]), window, layer, t // 4, first)
    for step in range(4):
        values, bits = out[step], words[step]
        for i in range(len(values)):
            values[i] = uniform(bits[i])


@inlined_stage
def fire_and_count(columns, neurons, circuit, record, window, s, t, first, place, tally):
    """Integrate, fire and count. first: the first column's neuron, place: where its spikes are kept in the record."""
    current = columns.drive
    if neurons.exponential:
        current = columns.synaptic
        filter_current(current, columns.drive, neurons.current_decay)
    if neurons.noisy:
        add_noise(columns.current, current, columns.noise[t % 4])
        current = columns.current
    if neurons.peak:
        integrate_peak(columns.membrane, columns.count, current, neurons)
    elif neurons.integrating:
        integrate_readout(columns.membrane, columns.count, current, neurons)
    else:
        low, high = fire(
            columns.membrane,
            columns.spiked,
            columns.all_spikes if circuit.misses else columns.count,
            current,
            neurons,
            circuit.accumulator_full,
            record.fired,
            s,
            t,
            place,
        )
        tally[LOW] += low
        tally[HIGH] += high
        if circuit.misses:
            tally[MISSED] += count_with_misses(columns, circuit, neurons.layer, window, first)


@stage
def accumulate_targets(target_count, target, full):
    for i in range(len(target_count)):
        target_count[i] = accumulate(target_count[i], target[i], full)


@inlined_stage
def write(columns, synapses, state, events, s, t):
    """Every synapse whose row spiked in this step, and the bias, moves by its column's pulse (Eq. 10)."""
    begin, end = events.begin[s, t], events.end[s, t]
    rows = events.rows[s, begin:end]
    if len(events.amplitude) > 0:
        write_rows_graded(state.weight, synapses.gain, rows, events.amplitude[s, begin:end], columns.pulse)
    else:
        write_rows(state.weight, synapses.gain, events.rows[s], begin, end, columns.pulse, columns.scaled)
    write_row(state.weight, synapses.gain, len(state.weight) - 1, columns.pulse)


@rare_stage
def _write_traced(columns, block, t):
    """As `write` or `write_open_columns`, on every row that has left a trace."""
    traced = columns.traces.rows
    if block.synapses.coded or block.circuit.update.imperfect:
        return write_open_columns(columns, block, traced, np.int64(0), t)
    write(columns, block.synapses, block.state, traced, np.int64(0), t)
    return np.int64(0), np.int64(0)


@inlined_stage
def teach(columns, block, events, target, rate, s, t, tally):
    """Gate the errors of step t (0-based) and write what they ask for. Returns whether any synapse was written."""
    synapses, state, circuit = block.synapses, block.state, block.circuit
    active = np.int64(events.end[s, t] - events.begin[s, t])
    if circuit.traced:
        active = follow_spikes(columns.traces, events, s, t, circuit.trace_decay)
    if t < circuit.warm_up:
        accumulate_targets(columns.target_count, target, circuit.accumulator_full)
        return False
    n_open = gate(
        columns.pulse,
        columns.target_count,
        target,
        columns.count,
        columns.membrane,
        circuit,
        rate,
        _ONE / np.float32(t + 1),
    )
    if n_open > 0:
        if circuit.traced:
            written, held = _write_traced(columns, block, t)
            tally[WRITES] += written
            tally[CLIPPED] += held
            tally[WRITTEN] += active * n_open
        elif synapses.coded or circuit.update.imperfect:
            written, held = write_open_columns(columns, block, events, s, t)
            tally[WRITES] += written
            tally[CLIPPED] += held
            tally[WRITTEN] += active * n_open
        else:
            write(columns, synapses, state, events, s, t)
            tally[WRITTEN] += active * block.n_columns
        tally[UPDATES] += (active + 1) * n_open
    return n_open > 0


@inlined_stage
def end_window(columns, neurons, circuit, record, s, first, last, missed, tally):
    """Leave counts and membranes in the record, and tally what met its limit. missed: spikes missed in this window."""
    _copy(record.count[s, first:last], columns.count)
    if len(record.membrane) > 0:
        _copy(record.membrane[s, first:last], columns.membrane)
    steps = record.fired.shape[2]
    if not neurons.integrating and np.float32(steps) > circuit.accumulator_full:
        tally[FULL] += spikes_in_window(record.fired, s, first, last - first)
        for i in range(last - first):
            tally[FULL] -= np.int64(columns.count[i])
        tally[FULL] -= missed


@kernel
def infer_block(block, events, record, windows, columns, tally, start, stop):
    """Run windows start .. stop - 1 of a chunk through a block of a layer's columns, weights left alone.

    block, events, record: see `chipsim.layout.tables`; windows: (S,) int64, each window's number, which keys its noise;
    columns: `chipsim.layout.neuron_state.Columns`; tally: (10,) int64, gains the TALLY counts. Writes `record`.
    """
    state, neurons, circuit = block.state, block.neurons, block.circuit
    first, last, n = block.first, block.first + state.weight.shape[1], block.n_columns
    graded = len(events.amplitude) > 0
    watching, tracing = len(record.signals.neurons) > 0, len(record.trace.codes) > 0
    active = np.int64(0)
    added = np.int64(0)
    for s in range(start, stop):
        start_window(columns, block, windows[s])
        prefetch_window(events.rows, events.end, s + 1)
        missed_before = tally[MISSED]
        for t in range(events.begin.shape[1]):
            active += np.int64(events.end[s, t] - events.begin[s, t])
            if t == 0 or not graded:  # a constant current stays what it is
                added += deliver(columns, state.weight, events, s, t)
            if neurons.noisy and t % 4 == 0:
                draw_noise(columns, neurons, block.synapses.full_scale, events, s, windows[s], t, first)
            fire_and_count(columns, neurons, circuit, record, windows[s], s, t, first, first, tally)
            if watching:
                note(columns, block, record.signals, s, t)
                if first == 0:  # all blocks see the same input; one notes it
                    note_input(events, s, len(state.weight) - 1, record.signals, s, t)
            if tracing:
                convert(record.trace.codes[s, t, first:last], columns.membrane, record.trace.converter)
        end_window(columns, neurons, circuit, record, s, first, last, tally[MISSED] - missed_before, tally)
    tally[EVENTS] += active * n
    tally[ADDED] += added * n


@kernel
def learn_block(block, events, record, windows, targets, rates, columns, tally, start, stop):
    """As `infer_block`, and learn: after each step, open columns write the rows that spiked.

    targets: (S, n_out) float32, target rates (spikes per step); rates: (S,) float32, learning rate of each window.
    """
    synapses, state, neurons, circuit = block.synapses, block.state, block.neurons, block.circuit
    first, last, n = block.first, block.first + state.weight.shape[1], block.n_columns
    graded = len(events.amplitude) > 0
    watching = len(record.signals.neurons) > 0
    active = np.int64(0)
    added = np.int64(0)
    for s in range(start, stop):
        start_window(columns, block, windows[s])
        prefetch_window(events.rows, events.end, s + 1)
        missed_before = tally[MISSED]
        start_lesson(columns, block, windows[s])
        target = targets[s, first:last]
        changed = True
        for t in range(events.begin.shape[1]):
            active += np.int64(events.end[s, t] - events.begin[s, t])
            if changed or not graded:  # a constant current changes only with the weights
                added += deliver(columns, state.weight, events, s, t)
                changed = False
            if neurons.noisy and t % 4 == 0:
                draw_noise(columns, neurons, block.synapses.full_scale, events, s, windows[s], t, first)
            if synapses.coded and t % 4 == 0:
                draw_uniform(columns.dither, columns.words, circuit.dither_key, neurons.layer, windows[s], t, first)
            fire_and_count(columns, neurons, circuit, record, windows[s], s, t, first, first, tally)
            if watching:
                note(columns, block, record.signals, s, t)
                if first == 0:  # all blocks see the same input; one notes it
                    note_input(events, s, len(state.weight) - 1, record.signals, s, t)
            per_step = _ONE / np.float32(t + 1)
            changed = teach(columns, block, events, target, rates[s], s, t, tally) or changed
            if watching:
                note_learning(columns, block, record.signals, s, t, per_step)
        end_window(columns, neurons, circuit, record, s, first, last, tally[MISSED] - missed_before, tally)
    tally[EVENTS] += active * n
    tally[ADDED] += added * n
