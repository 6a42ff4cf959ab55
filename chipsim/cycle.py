"""The hot loop: what a layer does in each cycle of a window, stage by stage in hardware order.

In Local Tandem Learning nothing flows backward and no column sees another, so a layer can run a whole chunk of windows
before the next layer starts, and any range of its columns can run alone: the bits are those of the whole chip stepped
cycle by cycle with the one-step delay of Eq. 2 (each layer's window merely starts one step after the one before).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from chipsim.crossbar import add_graded_rows, add_rows
from chipsim.jit import inlined_stage, kernel, stage
from chipsim.memory import aligned
from chipsim.neuron import UPPER_RAIL_HIT, fire, integrate_readout
from learning_circuit.accumulator import accumulate
from learning_circuit.boxcar import boxcar
from learning_circuit.error_gate import error_gate
from learning_circuit.update_accumulator import write_coded_row
from learning_circuit.update_unit import write_row, write_rows, write_rows_graded
from nonideality.counter_rng import gaussians, uniform, words_of_four_steps

# What a block run counts, by position in the array that it returns.
TALLY = (
    "synaptic_events",  # an active input row meeting a synapse, bias not counted
    "weight_updates",  # a pulse on a synapse, bias counted
    "code_writes",  # a stored few-bit weight that changed
    "membrane_low_rail",  # a step of a neuron clipped there
    "membrane_high_rail",
    "accumulator_full",  # a spike that was not counted
    "weight_full_scale",  # a write held back at the end of a few-bit weight's range
    "events_lost",  # an input event that bit errors on the host link lost; see chipsim.link
    # The simulator's own work rather than the chip's; depends on how columns are split:
    "synapses_added",
    "synapses_written",
)
WORK = ("synapses_added", "synapses_written")
_EVENTS, _UPDATES, _WRITES, _LOW, _HIGH, _FULL, _CLIPPED, _LOST, _ADDED, _WRITTEN = range(len(TALLY))
_ZERO = np.float32(0)
_ONE = np.float32(1)


class Columns(NamedTuple):
    """Working state of a block of n columns within a window, all (n,) float32 unless said otherwise."""

    drive: Any  # column current without noise
    noise: Any  # (4, n), of four steps
    words: Any  # (4, n) uint32, random words behind noise or dither
    membrane: Any
    spiked: Any  # S[t-1], 0 or 1
    count: Any
    rail_hits: Any  # (n,) int32, see chipsim.neuron.fire
    target_count: Any
    pulse: Any
    scaled: Any  # pulse times a column's common gain
    dither: Any  # (4, n), of four steps


def new_columns(n: int) -> Columns:
    """Room for a block of n columns. Kernels cannot allocate: they are compiled without reference counts."""
    one, four = (n,), (4, n)
    f, u = np.float32, np.uint32
    return Columns(
        drive=aligned(one, f),
        noise=aligned(four, f),
        words=aligned(four, u),
        membrane=aligned(one, f),
        spiked=aligned(one, f),
        count=aligned(one, f),
        rail_hits=aligned(one, np.int32),
        target_count=aligned(one, f),
        pulse=aligned(one, f),
        scaled=aligned(one, f),
        dither=aligned(four, f),
    )


@inlined_stage
def _copy(target, source):
    for i in range(len(target)):
        target[i] = source[i]


@inlined_stage
def _start_window(columns):
    columns.membrane[:] = _ZERO
    columns.spiked[:] = _ZERO
    columns.count[:] = _ZERO
    columns.rail_hits[:] = np.int32(0)
    columns.target_count[:] = _ZERO


@inlined_stage
def _deliver(columns, weight, events, s, t):
    """Column currents of step t (0-based) of window s. Returns the number of rows added."""
    begin, end = events.begin[s, t], events.end[s, t]
    _copy(columns.drive, weight[len(weight) - 1])
    rows = events.rows[s, begin:end]
    if len(events.amplitude) > 0:
        add_graded_rows(columns.drive, weight, rows, events.amplitude[s, begin:end])
    else:
        add_rows(columns.drive, weight, rows)
    return np.int64(end - begin)


@inlined_stage
def _draw_noise(columns, neurons, full_scale, events, s, window, t, first):
    """Membrane noise of steps t .. t + 3, read noise of their events included (see nonideality.read)."""
    key = (neurons.noise_key[0], neurons.noise_key[1])
    words_of_four_steps(columns.words, key, window, neurons.layer, t // 4, first)
    gaussians(columns.noise, columns.words)
    sigma = neurons.noise
    if neurons.reads:
        for step in range(min(4, events.begin.shape[1] - t)):
            _scale_with_reads(columns.noise[step], sigma, neurons.read_noise, full_scale, _power(events, s, t + step))
        return
    for step in range(4):
        noise = columns.noise[step]
        for i in range(len(noise)):
            noise[i] *= sigma[i]


@stage
def _power(events, s, t):
    """Sum of the squared amplitudes of a step's events, bias included: what multiplies the variance of one event."""
    begin, end = events.begin[s, t], events.end[s, t]
    if len(events.amplitude) == 0:
        return np.float32(end - begin + 1)
    power = _ONE
    for k in range(begin, end):
        power += events.amplitude[s, k] * events.amplitude[s, k]
    return power


@stage
def _scale_with_reads(noise, sigma, read_noise, full_scale, power):
    for i in range(len(noise)):
        event = read_noise[i] * full_scale
        noise[i] *= np.sqrt(sigma[i] * sigma[i] + power * (event * event))


@inlined_stage
def _draw_dither(columns, circuit, layer, window, t, first):
    """Update rounding of steps t .. t + 3."""
    key = (circuit.dither_key[0], circuit.dither_key[1])
    words_of_four_steps(columns.words, key, window, layer, t // 4, first)
    for step in range(4):
        dither, words = columns.dither[step], columns.words[step]
        for i in range(len(dither)):
            dither[i] = uniform(words[i])


@inlined_stage
def _fire(columns, neurons, circuit, record, s, t, first, last):
    noise = columns.noise[t % 4]
    if neurons.integrating:
        integrate_readout(columns.membrane, columns.count, columns.drive, noise, neurons)
    else:
        fire(
            columns.membrane,
            columns.spiked,
            columns.count,
            columns.rail_hits,
            record.spikes[s, t, first:last],
            columns.drive,
            noise,
            neurons,
            circuit.accumulator_full,
        )


@inlined_stage
def _probe(columns, record, s, t, first, last):
    for k in range(len(record.probed)):
        neuron = record.probed[k]
        if first <= neuron < last:
            record.trace[s, t, k] = columns.membrane[neuron - first]


@inlined_stage
def _accumulate_targets(target_count, target, full):
    for i in range(len(target_count)):
        target_count[i] = accumulate(target_count[i], target[i], full)


@inlined_stage
def _gate(pulse, target_count, target, count, membrane, circuit, rate, per_step):
    """Pulses of all columns for this step, all arrays (n,) float32. Returns how many columns are open."""
    low_edge, high_edge = circuit.boxcar_low, circuit.boxcar_high
    slope, sign_pulse, dead_zone, full = circuit.slope, circuit.pulse, circuit.dead_zone, circuit.accumulator_full
    is_open = np.int32(0)
    for i in range(len(pulse)):
        target_count[i] = accumulate(target_count[i], target[i], full)
        error = error_gate(target_count[i] - count[i], per_step, slope, sign_pulse, dead_zone)
        pulse[i] = rate * error if boxcar(membrane[i], low_edge[i], high_edge[i]) else _ZERO
        is_open += np.int32(pulse[i] != _ZERO)
    return is_open


@inlined_stage
def _write(columns, synapses, state, events, s, t, tally):
    """Every synapse whose row spiked in this step, and the bias, moves by its column's pulse (Eq. 10)."""
    begin, end = events.begin[s, t], events.end[s, t]
    rows = events.rows[s, begin:end]
    bias = len(state.weight) - 1
    graded = len(events.amplitude) > 0
    if not synapses.coded:
        if graded:
            write_rows_graded(state.weight, synapses.gain, rows, events.amplitude[s, begin:end], columns.pulse)
        else:
            write_rows(state.weight, synapses.gain, rows, columns.pulse, columns.scaled)
        write_row(state.weight, synapses.gain, bias, columns.pulse)
        return
    dither = columns.dither[t % 4]
    for k in range(len(rows) + 1):
        is_bias = k == len(rows)
        row = bias if is_bias else np.int64(rows[k])
        lsb = synapses.bias_lsb if is_bias else synapses.lsb
        amplitude = events.amplitude[s, begin + k] if graded and not is_bias else _ONE
        written, clipped = write_coded_row(
            state.weight, synapses.gain, state.coded, row, lsb, amplitude, columns.pulse, dither
        )
        tally[_WRITES] += written
        tally[_CLIPPED] += clipped


@inlined_stage
def _end_window(columns, neurons, circuit, record, s, first, last, tally):
    """Leave counts and membranes in the record, and tally what met its limit."""
    _copy(record.count[s, first:last], columns.count)
    _copy(record.membrane[s, first:last], columns.membrane)
    for i in range(last - first):
        tally[_LOW] += np.int64(columns.rail_hits[i] % UPPER_RAIL_HIT)
        tally[_HIGH] += np.int64(columns.rail_hits[i] // UPPER_RAIL_HIT)
    steps = record.spikes.shape[1]
    if not neurons.integrating and np.float32(steps) > circuit.accumulator_full:
        for t in range(steps):
            for i in range(first, last):
                tally[_FULL] += np.int64(record.spikes[s, t, i])
        for i in range(last - first):
            tally[_FULL] -= np.int64(columns.count[i])


@kernel
def infer_block(block, events, record, windows, columns, tally, start, stop):
    """Run windows start .. stop - 1 of a chunk through a block of a layer's columns, weights left alone.

    block, events, record: see `chipsim.tables`; windows: (S,) int64, each window's number, which keys its noise;
    columns: see `new_columns`; tally: (10,) int64, gains the TALLY counts. Writes `record`.
    """
    state, neurons, circuit = block.state, block.neurons, block.circuit
    first, last = block.first, block.first + state.weight.shape[1]
    graded = len(events.amplitude) > 0
    active = np.int64(0)
    added = np.int64(0)
    for s in range(start, stop):
        _start_window(columns)
        for t in range(events.begin.shape[1]):
            active += np.int64(events.end[s, t] - events.begin[s, t])
            if t == 0 or not graded:  # a constant current stays what it is
                added += _deliver(columns, state.weight, events, s, t)
            if neurons.noisy and t % 4 == 0:
                _draw_noise(columns, neurons, block.synapses.full_scale, events, s, windows[s], t, first)
            _fire(columns, neurons, circuit, record, s, t, first, last)
            _probe(columns, record, s, t, first, last)
        _end_window(columns, neurons, circuit, record, s, first, last, tally)
    tally[_EVENTS] += active * (last - first)
    tally[_ADDED] += added * (last - first)


@kernel
def learn_block(block, events, record, windows, targets, rates, columns, tally, start, stop):
    """As `infer_block`, and learn: after each step, open columns write the rows that spiked.

    targets: (S, n_out) float32, target rates (spikes per step); rates: (S,) float32, learning rate of each window.
    """
    synapses, state, neurons, circuit = block.synapses, block.state, block.neurons, block.circuit
    first, last = block.first, block.first + state.weight.shape[1]
    graded = len(events.amplitude) > 0
    active = np.int64(0)
    added = np.int64(0)
    for s in range(start, stop):
        _start_window(columns)
        target = targets[s, first:last]
        changed = True
        for t in range(events.begin.shape[1]):
            active_now = np.int64(events.end[s, t] - events.begin[s, t])
            active += active_now
            if changed or not graded:  # a constant current changes only with the weights
                added += _deliver(columns, state.weight, events, s, t)
                changed = False
            if neurons.noisy and t % 4 == 0:
                _draw_noise(columns, neurons, block.synapses.full_scale, events, s, windows[s], t, first)
            if synapses.coded and t % 4 == 0:
                _draw_dither(columns, circuit, neurons.layer, windows[s], t, first)
            _fire(columns, neurons, circuit, record, s, t, first, last)
            _probe(columns, record, s, t, first, last)
            if t < circuit.warm_up:
                _accumulate_targets(columns.target_count, target, circuit.accumulator_full)
                continue
            n_open = _gate(
                columns.pulse,
                columns.target_count,
                target,
                columns.count,
                columns.membrane,
                circuit,
                rates[s],
                _ONE / np.float32(t + 1),
            )
            if n_open > 0:
                _write(columns, synapses, state, events, s, t, tally)
                changed = True
                tally[_UPDATES] += (active_now + 1) * n_open
                tally[_WRITTEN] += active_now * (last - first)
        _end_window(columns, neurons, circuit, record, s, first, last, tally)
    tally[_EVENTS] += active * (last - first)
    tally[_ADDED] += added * (last - first)


# Which of eight neurons fired, for each of the 256 ways in which they can, and how many.
_FIRED = np.array(
    [[i for i in range(8) if byte >> i & 1] + [0] * (8 - byte.bit_count()) for byte in range(256)], np.int32
)
_HOW_MANY = np.array([byte.bit_count() for byte in range(256)], np.int64)
_GATHER = np.uint64(0x0102040810204080)  # times eight bytes of 0 or 1: the top byte has one bit of each


@kernel
def gather_events(spike_words, rows, begin, end, start, stop):
    """Turn spike masks of windows start .. stop - 1 into the index lists of `Events`.

    spike_words: (S, T, n / 8) uint64, a byte of 0 or 1 per neuron, first neuron lowest. Eight neurons at a time, by a
    table: no branch depends on a spike. `rows` needs room for eight more entries than spikes.
    """
    for s in range(start, stop):
        mine = rows[s]
        k = np.uint64(0)
        for t in range(spike_words.shape[1]):
            words = spike_words[s, t]
            begin[s, t] = np.int32(k)
            for j in range(len(words)):
                byte = (words[j] * _GATHER) >> np.uint64(56)
                fired = _FIRED[byte]
                first = np.int32(8 * j)
                for i in range(8):
                    mine[k + np.uint64(i)] = first + fired[i]
                k += np.uint64(_HOW_MANY[byte])
            end[s, t] = np.int32(k)


@stage
def _rows_fit(rows, n_in):
    outside = np.int32(0)
    for k in range(len(rows)):
        outside += np.int32(np.uint32(rows[k]) >= np.uint32(n_in))  # a negative row is a huge one
    return outside == 0


@kernel
def events_fit(rows, begin, end, amplitude, n_in):
    """Whether all events lie inside their buffer and name rows 0 .. n_in - 1.

    And, for a constant current, whether it is finite and the same at every step.
    """
    graded = len(amplitude) > 0
    for s in range(begin.shape[0]):
        follow = True  # each step's events begin where the last step's end, as encoders write them
        for t in range(begin.shape[1]):
            if begin[s, t] < 0 or end[s, t] < begin[s, t] or end[s, t] > rows.shape[1]:
                return False
            if graded and (begin[s, t] != begin[s, 0] or end[s, t] != end[s, 0]):
                return False
            follow = follow and (t == 0 or begin[s, t] == end[s, t - 1])
        if follow:
            fit = _rows_fit(rows[s, begin[s, 0] : end[s, -1]], n_in)
        else:
            fit = True
            for t in range(begin.shape[1]):
                fit = fit and _rows_fit(rows[s, begin[s, t] : end[s, t]], n_in)
        if not fit:
            return False
        if graded:
            for x in amplitude[s, begin[s, 0] : end[s, 0]]:
                if not np.isfinite(x):
                    return False
    return True
