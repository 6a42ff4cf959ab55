"""The hot loop of most layers that see spikes: a step up to the pulses of open columns is one piece in registers.

What `chipsim.kernel.dense` does for every layer, for the usual one: to the same bits, faster. Kernels of their own,
since what a loop does not need costs it time even where it does not come to pass.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from chipsim.kernel.dense import draw_noise, draw_uniform, end_window, start_learning_window, start_window
from chipsim.kernel.gated_in_registers import gate_one_step, writes_open_columns
from chipsim.kernel.learn_in_registers import learn_one_noisy_step, learn_one_step, writes_directly
from chipsim.kernel.missed_counts import draw_next_miss
from chipsim.kernel.window_in_registers import fires, is_plain, is_undisturbed, run_window
from chipsim.kernel.write_open_columns import write_open_columns
from chipsim.layout import ADDED, CLIPPED, EVENTS, HIGH, LOW, MISSED, UPDATES, WRITES, WRITTEN, ColumnBlock
from chipsim.simd import kernel, prefetch_window

_NONE_MISSED = np.int64(0)


def infers_undisturbed(block: ColumnBlock) -> bool:
    """Whether `infer_undisturbed` knows all that happens in a block that sees spikes."""
    return is_undisturbed(block)


def learns_plainly(block: ColumnBlock) -> bool:
    """Whether `learn_undisturbed` knows all that happens in a block that sees spikes, or, with noise, `learn_noisy`."""
    return is_plain(block) and writes_directly(block)


def learns_in_open_columns(block: ColumnBlock) -> bool:
    """Whether `learn_open_columns` knows all that happens in a block that sees spikes."""
    return fires(block) and writes_open_columns(block)


@kernel
def infer_undisturbed(block, events, record, windows, neuron_state, counters, start, stop):
    """As `chipsim.kernel.dense.infer_block`."""
    first, last = block.first, block.first + block.state.weight.shape[1]
    active = np.int64(0)
    for s in range(start, stop):
        start_window(neuron_state, block, windows[s])
        prefetch_window(events.rows, events.end, s + 1)
        for t in range(events.begin.shape[1]):
            active += np.int64(events.end[s, t] - events.begin[s, t])
        low, high = run_window(neuron_state, block, events, s, record.spike_bits, s, first)
        counters[LOW] += low
        counters[HIGH] += high
        end_window(neuron_state, block.neurons, block.circuit, record, s, first, last, _NONE_MISSED, counters)
    counters[EVENTS] += active * block.n_columns
    counters[ADDED] += active * block.n_columns


def _learn(noisy: bool) -> Any:
    step = learn_one_noisy_step if noisy else learn_one_step

    @kernel
    def run_block(block, events, record, windows, targets, rates, neuron_state, counters, start, stop):
        """As `chipsim.kernel.dense.learn_block`."""
        first, last = block.first, block.first + block.state.weight.shape[1]
        active = np.int64(0)
        for s in range(start, stop):
            start_window(neuron_state, block, windows[s])
            prefetch_window(events.rows, events.end, s + 1)
            target = targets[s, first:last]
            for t in range(events.begin.shape[1]):
                n = np.int64(events.end[s, t] - events.begin[s, t])
                active += n
                if noisy and t % 4 == 0:
                    draw_noise(neuron_state, block.neurons, block.synapses.full_scale, events, s, windows[s], t, first)
                n_open, low, high = step(
                    neuron_state, block, events, s, t, target, rates[s], record.spike_bits, s, first
                )
                counters[LOW] += low
                counters[HIGH] += high
                if n_open > 0:
                    counters[WRITTEN] += n * block.n_columns
                    counters[UPDATES] += (n + 1) * n_open
            end_window(neuron_state, block.neurons, block.circuit, record, s, first, last, _NONE_MISSED, counters)
        counters[EVENTS] += active * block.n_columns
        counters[ADDED] += active * block.n_columns

    return run_block


learn_undisturbed, learn_noisy = _learn(False), _learn(True)


@kernel
def learn_open_columns(block, events, record, windows, targets, rates, neuron_state, counters, start, stop):
    """As `chipsim.kernel.dense.learn_block`."""
    synapses, neurons, circuit = block.synapses, block.neurons, block.circuit
    first, last = block.first, block.first + block.state.weight.shape[1]
    active = np.int64(0)
    for s in range(start, stop):
        start_window(neuron_state, block, windows[s])
        prefetch_window(events.rows, events.end, s + 1)
        missed_before = counters[MISSED]
        start_learning_window(neuron_state, block, windows[s])
        target = targets[s, first:last]
        for t in range(events.begin.shape[1]):
            n = np.int64(events.end[s, t] - events.begin[s, t])
            active += n
            if neurons.noisy and t % 4 == 0:
                draw_noise(neuron_state, neurons, synapses.full_scale, events, s, windows[s], t, first)
            if synapses.coded and t % 4 == 0:
                draw_uniform(
                    neuron_state.dither, neuron_state.words, circuit.dither_key, neurons.layer, windows[s], t, first
                )
            n_open, low, high, missed = gate_one_step(
                neuron_state, block, events, s, t, target, rates[s], record.spike_bits, s, first
            )
            counters[LOW] += low
            counters[HIGH] += high
            if missed > 0:
                counters[MISSED] += missed
                draw_next_miss(neuron_state.miss_state, circuit, neurons.layer, windows[s], first)
            if n_open > 0:
                written, held = write_open_columns(neuron_state, block, events, s, t)
                counters[WRITES] += written
                counters[CLIPPED] += held
                counters[WRITTEN] += n * n_open
                counters[UPDATES] += (n + 1) * n_open
        end_window(neuron_state, neurons, circuit, record, s, first, last, counters[MISSED] - missed_before, counters)
    counters[EVENTS] += active * block.n_columns
    counters[ADDED] += active * block.n_columns
