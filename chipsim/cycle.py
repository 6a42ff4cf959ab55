"""The hot loop: what a layer does in each cycle of a window, stage by stage in hardware order.

In Local Tandem Learning nothing flows backward and no column sees another, so a layer can run a whole chunk of windows
before the next layer starts, and any range of its columns can run alone: the bits are those of the whole chip stepped
cycle by cycle with the one-step delay of Eq. 2 (each layer's window merely starts one step after the one before).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from chipsim.crossbar import add_graded_rows, add_rows
from chipsim.gates import error_of, passes
from chipsim.jit import inlined_stage, kernel, rare_stage, stage
from chipsim.memory import placed
from chipsim.missed import count_with_misses, start_missing
from chipsim.neuron import UPPER_RAIL_HIT, add_noise, fire, integrate_readout
from chipsim.sparse_write import write_open_columns
from chipsim.spike_masks import spikes_in_window, store_spikes
from chipsim.watch import note, note_learning
from learning_circuit.accumulator import accumulate
from learning_circuit.listed_rows import ListedRows, room_for_rows
from learning_circuit.masks import count_nonzero
from learning_circuit.rows import LANES
from learning_circuit.update_unit import write_row, write_rows, write_rows_graded
from nonideality.counter_rng import gaussians, uniform, words_of_four_steps
from nonideality.write_noise import words_of_columns

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
# input events that bit errors on the host link lost (see chipsim.link).
ACTIVITY = (*(name for name in TALLY if name not in WORK), "spikes", "events_lost")
_EVENTS, _UPDATES, _WRITES, _LOW, _HIGH, _FULL, _CLIPPED, _MISSED, _ADDED, _WRITTEN = range(len(TALLY))
_ZERO = np.float32(0)
_ONE = np.float32(1)


class Columns(NamedTuple):
    """Working state of a block of n columns within a window, all (n,) float32 unless said otherwise."""

    drive: Any  # column current without noise
    current: Any  # and with it
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
    all_spikes: Any  # what an accumulator would hold that misses none; used only where some do
    before_miss: Any  # spikes that the accumulator counts before it misses one, see chipsim.missed
    n_missed: Any  # (n,) int32, in this window
    one_word: Any  # (4, 1) uint32
    # Open columns only, see learning_circuit.update_pulse; the first n_open entries count (open has room for more):
    open: Any  # (n,) int32
    opened: Any
    row_pulse: Any
    # Imperfect writes, see chipsim.sparse_write:
    numbers: Any  # (n,) int32, 0 and up
    listed: ListedRows
    nothing: Any  # (0,) amplitudes of spikes
    write_words: Any  # (2, n) uint32, random words of this window's writes


def new_columns(n: int, n_rows: int) -> Columns:
    """Room for a block of n columns of n_rows synapses, bias included.

    Kernels cannot allocate: they are compiled without reference counts.
    """
    one, four = (n,), (4, n)
    f, u = np.float32, np.uint32
    return Columns(  # what is written step by step at even places, what is only read (see chipsim.blocks) at odd ones
        membrane=placed(0, one, f),
        spiked=placed(2, one, f),
        count=placed(4, one, f),
        rail_hits=placed(6, one, np.int32),
        target_count=placed(8, one, f),
        pulse=placed(10, one, f),
        drive=placed(12, one, f),
        current=placed(12, one, f),
        scaled=placed(14, one, f),
        noise=placed(11, four, f),
        words=placed(13, four, u),
        dither=placed(15, four, f),
        all_spikes=placed(4, one, f),
        before_miss=placed(10, one, f),
        n_missed=placed(12, one, np.int32),
        one_word=np.zeros((4, 1), u),
        open=placed(0, (n + LANES,), np.int32),
        opened=placed(2, one, f),
        row_pulse=placed(4, one, f),
        numbers=np.arange(n, dtype=np.int32),
        listed=room_for_rows(n_rows),
        nothing=np.zeros(0, f),
        write_words=placed(13, (2, n), u),
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
    columns.all_spikes[:] = _ZERO
    columns.rail_hits[:] = np.int32(0)
    columns.target_count[:] = _ZERO


@inlined_stage
def _deliver(columns, weight, events, s, t):
    """Column currents of step t (0-based) of window s. Returns the number of rows added."""
    begin, end = events.begin[s, t], events.end[s, t]
    _copy(columns.drive, weight[len(weight) - 1])
    if len(events.amplitude) > 0:
        add_graded_rows(columns.drive, weight, events.rows[s, begin:end], events.amplitude[s, begin:end])
    else:
        add_rows(columns.drive, weight, events.rows[s], begin, end)
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


@rare_stage
def _power(events, s, t):
    """Sum of the squared amplitudes of a step's events, bias included: what multiplies the variance of one event."""
    begin, end = events.begin[s, t], events.end[s, t]
    if len(events.amplitude) == 0:
        return np.float32(end - begin + 1)
    power = _ONE
    for k in range(begin, end):
        power += events.amplitude[s, k] * events.amplitude[s, k]
    return power


@rare_stage
def _scale_with_reads(noise, sigma, read_noise, full_scale, power):
    for i in range(len(noise)):
        event = read_noise[i] * full_scale
        noise[i] *= np.sqrt(sigma[i] * sigma[i] + power * (event * event))


@inlined_stage
def _draw_uniform(out, words, stream, layer, window, t, first):
    """Uniform numbers of steps t .. t + 3: out (4, n) float32."""
    words_of_four_steps(words, (stream[0], stream[1]), window, layer, t // 4, first)
    for step in range(4):
        values, bits = out[step], words[step]
        for i in range(len(values)):
            values[i] = uniform(bits[i])


@inlined_stage
def _fire(columns, neurons, circuit, record, window, s, t, first, tally):
    current = columns.drive
    if neurons.noisy:
        current = columns.current
        add_noise(current, columns.drive, columns.noise[t % 4])
    if neurons.integrating:
        integrate_readout(columns.membrane, columns.count, current, neurons)
    else:
        fire(
            columns.membrane,
            columns.spiked,
            columns.all_spikes if circuit.misses else columns.count,
            columns.rail_hits,
            current,
            neurons,
            circuit.accumulator_full,
        )
        store_spikes(record.fired, s, t, first, columns.spiked)
        if circuit.misses:
            tally[_MISSED] += count_with_misses(columns, circuit, neurons.layer, window, first)


@stage
def _accumulate_targets(target_count, target, full):
    for i in range(len(target_count)):
        target_count[i] = accumulate(target_count[i], target[i], full)


@stage
def _gate(pulse, target_count, target, count, membrane, circuit, rate, per_step):
    """Pulses of all columns for this step, all arrays (n,) float32. Returns how many columns are open."""
    full = circuit.accumulator_full
    for i in range(len(pulse)):
        target_count[i] = accumulate(target_count[i], target[i], full)
        error = error_of(target_count, count, circuit, per_step, i)
        pulse[i] = rate * error if passes(membrane, circuit, i) else _ZERO
    return count_nonzero(pulse)


@inlined_stage
def _write(columns, synapses, state, events, s, t):
    """Every synapse whose row spiked in this step, and the bias, moves by its column's pulse (Eq. 10)."""
    begin, end = events.begin[s, t], events.end[s, t]
    rows = events.rows[s, begin:end]
    if len(events.amplitude) > 0:
        write_rows_graded(state.weight, synapses.gain, rows, events.amplitude[s, begin:end], columns.pulse)
    else:
        write_rows(state.weight, synapses.gain, events.rows[s], begin, end, columns.pulse, columns.scaled)
    write_row(state.weight, synapses.gain, len(state.weight) - 1, columns.pulse)


@inlined_stage
def _end_window(columns, neurons, circuit, record, s, first, last, missed, tally):
    """Leave counts and membranes in the record, and tally what met its limit. missed: spikes missed in this window."""
    _copy(record.count[s, first:last], columns.count)
    _copy(record.membrane[s, first:last], columns.membrane)
    for i in range(last - first):
        tally[_LOW] += np.int64(columns.rail_hits[i] % UPPER_RAIL_HIT)
        tally[_HIGH] += np.int64(columns.rail_hits[i] // UPPER_RAIL_HIT)
    steps = record.fired.shape[2]
    if not neurons.integrating and np.float32(steps) > circuit.accumulator_full:
        tally[_FULL] += spikes_in_window(record.fired, s, first, last - first)
        for i in range(last - first):
            tally[_FULL] -= np.int64(columns.count[i])
        tally[_FULL] -= missed


def _infer(watching: bool) -> Any:
    @kernel
    def run_block(block, events, record, windows, columns, tally, start, stop):
        """Run windows start .. stop - 1 of a chunk through a block of a layer's columns, weights left alone.

        block, events, record: see `chipsim.tables`; windows: (S,) int64, each window's number, which keys its noise;
        columns: see `new_columns`; tally: (10,) int64, gains the TALLY counts. Writes `record`.
        """
        state, neurons, circuit = block.state, block.neurons, block.circuit
        first, last, n = block.first, block.first + state.weight.shape[1], block.n_columns
        graded = len(events.amplitude) > 0
        active = np.int64(0)
        added = np.int64(0)
        for s in range(start, stop):
            _start_window(columns)
            missed_before = tally[_MISSED]
            if circuit.misses:
                start_missing(columns, circuit, neurons.layer, windows[s], first)
            for t in range(events.begin.shape[1]):
                active += np.int64(events.end[s, t] - events.begin[s, t])
                if t == 0 or not graded:  # a constant current stays what it is
                    added += _deliver(columns, state.weight, events, s, t)
                if neurons.noisy and t % 4 == 0:
                    _draw_noise(columns, neurons, block.synapses.full_scale, events, s, windows[s], t, first)
                _fire(columns, neurons, circuit, record, windows[s], s, t, first, tally)
                if watching:
                    note(columns, block, events, record.signals, s, t)
            _end_window(columns, neurons, circuit, record, s, first, last, tally[_MISSED] - missed_before, tally)
        tally[_EVENTS] += active * n
        tally[_ADDED] += added * n

    return run_block


def _learn(watching: bool) -> Any:
    @kernel
    def run_block(block, events, record, windows, targets, rates, columns, tally, start, stop):
        """As `infer_block`, and learn: after each step, open columns write the rows that spiked.

        targets: (S, n_out) float32, target rates (spikes per step); rates: (S,) float32, learning rate of each window.
        """
        synapses, state, neurons, circuit = block.synapses, block.state, block.neurons, block.circuit
        first, last, n = block.first, block.first + state.weight.shape[1], block.n_columns
        graded = len(events.amplitude) > 0
        update = circuit.update
        sparse = synapses.coded or update.imperfect
        active = np.int64(0)
        added = np.int64(0)
        for s in range(start, stop):
            _start_window(columns)
            missed_before = tally[_MISSED]
            if circuit.misses:
                start_missing(columns, circuit, neurons.layer, windows[s], first)
            target = targets[s, first:last]
            changed = True
            if update.temporal:
                words_of_columns(columns.write_words, (update.key[0], update.key[1]), windows[s], neurons.layer, first)
            for t in range(events.begin.shape[1]):
                active_now = np.int64(events.end[s, t] - events.begin[s, t])
                active += active_now
                if changed or not graded:  # a constant current changes only with the weights
                    added += _deliver(columns, state.weight, events, s, t)
                    changed = False
                if neurons.noisy and t % 4 == 0:
                    _draw_noise(columns, neurons, block.synapses.full_scale, events, s, windows[s], t, first)
                if synapses.coded and t % 4 == 0:
                    _draw_uniform(
                        columns.dither, columns.words, circuit.dither_key, neurons.layer, windows[s], t, first
                    )
                _fire(columns, neurons, circuit, record, windows[s], s, t, first, tally)
                if watching:
                    note(columns, block, events, record.signals, s, t)
                per_step = _ONE / np.float32(t + 1)
                if t < circuit.warm_up:
                    _accumulate_targets(columns.target_count, target, circuit.accumulator_full)
                else:
                    n_open = _gate(
                        columns.pulse,
                        columns.target_count,
                        target,
                        columns.count,
                        columns.membrane,
                        circuit,
                        rates[s],
                        per_step,
                    )
                    if n_open > 0:
                        if sparse:
                            written, held = write_open_columns(columns, block, events, s, t)
                            tally[_WRITES] += written
                            tally[_CLIPPED] += held
                            tally[_WRITTEN] += active_now * n_open
                        else:
                            _write(columns, synapses, state, events, s, t)
                            tally[_WRITTEN] += active_now * n
                        changed = True
                        tally[_UPDATES] += (active_now + 1) * n_open
                if watching:
                    note_learning(columns, block, record.signals, s, t, per_step)
            _end_window(columns, neurons, circuit, record, s, first, last, tally[_MISSED] - missed_before, tally)
        tally[_EVENTS] += active * n
        tally[_ADDED] += added * n

    return run_block


# Each kernel twice, with probes and without: not even the question whether something is watched stays in the loop.
infer_block, infer_block_watched = _infer(False), _infer(True)
learn_block, learn_block_watched = _learn(False), _learn(True)
