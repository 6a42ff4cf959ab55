"""The hot loop of most layers that see spikes: a step up to the pulses of open columns is one piece in registers.

What `chipsim.kernel.dense` does for every layer, for the usual one: to the same bits, faster. Kernels of their own,
since what a loop does not need costs it time even where it does not come to pass.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from chipsim.kernel.dense import (
    ADDED,
    CLIPPED,
    EVENTS,
    HIGH,
    LOW,
    MISSED,
    UPDATES,
    WRITES,
    WRITTEN,
    draw_noise,
    draw_uniform,
    end_window,
    start_lesson,
    start_window,
)
from chipsim.kernel.gated_in_registers import gate_one_step, writes_open_columns
from chipsim.kernel.learn_in_registers import learn_one_noisy_step, learn_one_step, writes_directly
from chipsim.kernel.missed_counts import draw_next_miss
from chipsim.kernel.window_in_registers import fires, is_plain, is_undisturbed, run_window
from chipsim.kernel.write_open_columns import write_open_columns
from chipsim.layout.tables import Block
from chipsim.simd.kernel import kernel
from chipsim.simd.prefetch import prefetch_window

_NONE_MISSED = np.int64(0)


def infers_undisturbed(block: Block) -> bool:
    """Whether `infer_undisturbed` knows all that happens in a block that sees spikes."""
    return is_undisturbed(block)


def learns_plainly(block: Block) -> bool:
    """Whether `learn_undisturbed` knows all that happens in a block that sees spikes, or, with noise, `learn_noisy`."""
    return is_plain(block) and writes_directly(block)


def learns_in_open_columns(block: Block) -> bool:
    """Whether `learn_open_columns` knows all that happens in a block that sees spikes."""
    return fires(block) and writes_open_columns(block)


@kernel
def infer_undisturbed(block, events, record, windows, columns, tally, start, stop):
    """As `chipsim.kernel.dense.infer_block`."""
    first, last = block.first, block.first + block.state.weight.shape[1]
    active = np.int64(0)
    for s in range(start, stop):
        start_window(columns, block, windows[s])
        prefetch_window(events.rows, events.end, s + 1)
        for t in range(events.begin.shape[1]):
            active += np.int64(events.end[s, t] - events.begin[s, t])
        low, high = run_window(columns, block, events, s, record.fired, s, first)
        tally[LOW] += low
        tally[HIGH] += high
        end_window(columns, block.neurons, block.circuit, record, s, first, last, _NONE_MISSED, tally)
    tally[EVENTS] += active * block.n_columns
    tally[ADDED] += active * block.n_columns


def _learn(noisy: bool) -> Any:
    step = learn_one_noisy_step if noisy else learn_one_step

    @kernel
    def run_block(block, events, record, windows, targets, rates, columns, tally, start, stop):
        """As `chipsim.kernel.dense.learn_block`."""
        first, last = block.first, block.first + block.state.weight.shape[1]
        active = np.int64(0)
        for s in range(start, stop):
            start_window(columns, block, windows[s])
            prefetch_window(events.rows, events.end, s + 1)
            target = targets[s, first:last]
            for t in range(events.begin.shape[1]):
                n = np.int64(events.end[s, t] - events.begin[s, t])
                active += n
                if noisy and t % 4 == 0:
                    draw_noise(columns, block.neurons, block.synapses.full_scale, events, s, windows[s], t, first)
                n_open, low, high = step(columns, block, events, s, t, target, rates[s], record.fired, s, first)
                tally[LOW] += low
                tally[HIGH] += high
                if n_open > 0:
                    tally[WRITTEN] += n * block.n_columns
                    tally[UPDATES] += (n + 1) * n_open
            end_window(columns, block.neurons, block.circuit, record, s, first, last, _NONE_MISSED, tally)
        tally[EVENTS] += active * block.n_columns
        tally[ADDED] += active * block.n_columns

    return run_block


learn_undisturbed, learn_noisy = _learn(False), _learn(True)


@kernel
def learn_open_columns(block, events, record, windows, targets, rates, columns, tally, start, stop):
    """As `chipsim.kernel.dense.learn_block`."""
    synapses, neurons, circuit = block.synapses, block.neurons, block.circuit
    first, last = block.first, block.first + block.state.weight.shape[1]
    active = np.int64(0)
    for s in range(start, stop):
        start_window(columns, block, windows[s])
        prefetch_window(events.rows, events.end, s + 1)
        missed_before = tally[MISSED]
        start_lesson(columns, block, windows[s])
        target = targets[s, first:last]
        for t in range(events.begin.shape[1]):
            n = np.int64(events.end[s, t] - events.begin[s, t])
            active += n
            if neurons.noisy and t % 4 == 0:
                draw_noise(columns, neurons, synapses.full_scale, events, s, windows[s], t, first)
            if synapses.coded and t % 4 == 0:
                draw_uniform(columns.dither, columns.words, circuit.dither_key, neurons.layer, windows[s], t, first)
            n_open, low, high, missed = gate_one_step(
                columns, block, events, s, t, target, rates[s], record.fired, s, first
            )
            tally[LOW] += low
            tally[HIGH] += high
            if missed > 0:
                tally[MISSED] += missed
                draw_next_miss(columns.missing, circuit, neurons.layer, windows[s], first)
            if n_open > 0:
                written, held = write_open_columns(columns, block, events, s, t)
                tally[WRITES] += written
                tally[CLIPPED] += held
                tally[WRITTEN] += n * n_open
                tally[UPDATES] += (n + 1) * n_open
        end_window(columns, neurons, circuit, record, s, first, last, tally[MISSED] - missed_before, tally)
    tally[EVENTS] += active * block.n_columns
    tally[ADDED] += active * block.n_columns
