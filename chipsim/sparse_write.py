"""Writes of few-bit weights and of imperfect devices: only open columns are visited, in every row that spiked."""

from __future__ import annotations

import numpy as np

from chipsim.jit import rare_stage, stage
from chipsim.write_normals import normal_of_write, normals_of_rows
from learning_circuit.device_write import write_device_column
from learning_circuit.listed_rows import list_rows
from learning_circuit.update_accumulator import write_coded_row
from learning_circuit.update_pulse import open_columns, opened_pulses, row_pulses


@rare_stage
def write_open_columns(columns, block, events, s, t):
    """Eq. 10 of Yang et al. 2022 in step t (0-based) of window s of a chunk, for the columns with a pulse.

    columns: `chipsim.columns.Columns` with this step's pulse, and this window's words if writes draw random numbers.
    Returns (codes changed, writes held back at the end of a weight's range).
    """
    begin, end = events.begin[s, t], events.end[s, t]
    amplitude = events.amplitude[s] if len(events.amplitude) > 0 else columns.nothing
    n = list_rows(columns.listed, events.rows[s], amplitude, begin, end, block.state.weight)
    return write_listed_rows(columns, block, n, t)


@stage
def write_listed_rows(columns, block, n, t):
    """As `write_open_columns`, into the first n listed rows, the last of which is the bias."""
    n_open = open_columns(columns.open, columns.numbers, columns.pulse)
    opened_pulses(columns.opened, columns.open, n_open, columns.pulse, block.circuit.update)
    if block.synapses.coded:
        return _write_codes(columns, block, n, n_open, t)
    return np.int64(0), _write_devices(columns, block, n, n_open, t)


@stage
def _write_devices(columns, block, n, n_open, t):
    """Column by column. Returns how many writes were held back."""
    synapses, update, weight = block.synapses, block.circuit.update, block.state.weight
    listed = columns.listed
    held = np.int64(0)
    for k in range(n_open):
        c = columns.open[k]
        if update.temporal:
            normals_of_rows(listed.normal, listed.rows, n, t, columns.write_words[0, c], columns.write_words[1, c])
        devices, pulse = synapses.devices[c], columns.opened[k]
        held += write_device_column(weight, c, listed, n, devices, pulse, synapses.full_scale, update)
    return held


@rare_stage
def _write_codes(columns, block, n, n_open, t):
    """Row by row. Returns how many codes changed and how many were held back."""
    synapses, state, update = block.synapses, block.state, block.circuit.update
    listed, words = columns.listed, columns.write_words
    opened, numbers, pulses = columns.opened[:n_open], columns.open[:n_open], columns.row_pulse[:n_open]
    dither = columns.dither[t % 4]
    written = np.int64(0)
    held = np.int64(0)
    for k in range(n):
        row = listed.rows[k]
        row_pulses(pulses, opened, numbers, row, update)
        if update.temporal:
            for i in range(n_open):
                c = numbers[i]
                pulses[i] *= np.float32(1) + update.cycle[c] * normal_of_write(row, t, words[0, c], words[1, c])
        lsb = synapses.bias_lsb if k == n - 1 else synapses.lsb
        changed, clipped = write_coded_row(
            state.weight, synapses.gain, state.coded, row, lsb, listed.amplitude[k], numbers, pulses, dither
        )
        written += changed
        held += clipped
    return written, held
