"""Writes of few-bit weights and of imperfect devices: only open columns are visited, in every row that spiked."""

from __future__ import annotations

import numpy as np

from chipsim.jit import rare_stage
from learning_circuit.update_accumulator import write_coded_row
from learning_circuit.update_pulse import open_columns, row_pulses, write_device_row
from nonideality.counter_rng import gaussians_of_writes

_ONE = np.float32(1)


@rare_stage
def write_open_columns(columns, block, events, window, s, t):
    """Eq. 10 of Yang et al. 2022 in step t (0-based) of window s of a chunk, for the columns with a pulse.

    columns: `chipsim.cycle.Columns` with this step's pulse; window: the window's number, which keys its random
    numbers. Returns (codes changed, writes held back at the end of a weight's range).
    """
    synapses, state, circuit = block.synapses, block.state, block.circuit
    update = circuit.update
    n_open = open_columns(columns.open, columns.opened, columns.pulse, update)
    opened = columns.opened[:n_open]
    numbers = columns.open[:n_open]
    pulses = columns.row_pulse[:n_open]
    cycle_noise = columns.cycle_noise[:n_open]
    write_noise = columns.write_noise[:n_open]
    dither = columns.dither[t % 4]
    key = (update.key[0], update.key[1])
    begin = events.begin[s, t]
    n_rows = np.int64(events.end[s, t] - begin)
    bias = len(state.weight) - 1
    graded = len(events.amplitude) > 0
    written = np.int64(0)
    held = np.int64(0)
    for k in range(n_rows + 1):
        is_bias = k == n_rows
        row = bias if is_bias else np.int64(events.rows[s, begin + k])
        amplitude = events.amplitude[s, begin + k] if graded and not is_bias else _ONE
        if update.temporal:
            gaussians_of_writes(
                cycle_noise, write_noise, key, window, block.neurons.layer, t, row, numbers, block.first
            )
        row_pulses(pulses, opened, numbers, row, update, cycle_noise)
        if synapses.coded:
            lsb = synapses.bias_lsb if is_bias else synapses.lsb
            changed, clipped = write_coded_row(
                state.weight, synapses.gain, state.coded, row, lsb, amplitude, numbers, pulses, dither
            )
            written += changed
            held += clipped
        else:
            held += write_device_row(
                state.weight, synapses.gain, row, numbers, pulses, amplitude, synapses.full_scale, update, write_noise
            )
    return written, held
