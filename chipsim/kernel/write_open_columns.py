"""Writes of few-bit weights and of imperfect devices: only open columns are visited, in every row that spiked."""

from __future__ import annotations

from typing import Any

import numpy as np

from chipsim.kernel.pulse_errors import open_columns, opened_pulses, row_pulses, turned_pulse, turned_row_pulses
from chipsim.kernel.write_codes import add_to_coded_row, write_coded_row, write_unipolar_row
from chipsim.kernel.write_devices import write_device_column, write_unipolar_column
from chipsim.random import normal_of_write, normals_of_rows
from chipsim.simd import inlined, inlined_in_python, list_rows, outlined


def code_writer(unipolar: bool) -> Any:
    """A piece: Eq. 10 of Yang et al. 2022 in step t (0-based) of window `place` of events, in columns with a pulse.

    Its arguments: state: `NeuronState`, with this window's words for position q if writes draw random numbers, and its
    dither; crossbar: `CrossbarView`; pulse: (n,) float32. It returns (codes changed, codes held back at the end of
    their range). unipolar: whether codes begin at 0.
    """
    write = _unipolar_codes if unipolar else _codes

    @inlined_in_python
    def write_codes(state, crossbar, pulse, events, place, t, q):
        # What is passed on is no more than what is needed: every array is copied to the stack, piece by piece.
        begin, end = events.begin[place, t], events.end[place, t]
        amplitude = events.amplitude[place] if len(events.amplitude) > 0 else state.nothing
        writing, rows, words, step = state.writing, events.rows[place], state.writing.words[q], np.int64(t)
        synapses, stored, update, dither = crossbar.synapses, crossbar.state, crossbar.update, state.dither[q, step % 4]
        return write(writing, words, pulse, synapses, stored, update, dither, rows, amplitude, begin, end, step)

    return write_codes


@inlined_in_python
def write_increments(state, crossbar, pulse, events, place, t, q):
    """As a `code_writer` writes, of pulses that are whole units of the update accumulators, the same in every row."""
    begin, end = events.begin[place, t], events.end[place, t]
    return _increments(pulse, crossbar.synapses, crossbar.state, events.rows[place], begin, end)


@outlined
def _increments(increments, synapses, state, rows, begin, end):
    """Returns how many codes changed and how many were held back."""
    written, held = np.int64(0), np.int64(0)
    for k in range(np.uint64(begin), np.uint64(end) + np.uint64(1)):
        row = np.int64(rows[k]) if k < np.uint64(end) else np.int64(len(state.weight) - 1)  # the bias at last
        changed, clipped = add_to_coded_row(state.weight, synapses.gain, state.coded, row, synapses.lsb, increments)
        written += changed
        held += clipped
    return written, held


def device_writer(unipolar: bool) -> Any:
    """As `code_writer`, of analog devices: no code changes, some writes are held back."""
    write = _unipolar_devices if unipolar else _devices

    @inlined_in_python
    def write_devices(state, crossbar, pulse, events, place, t, q):
        begin, end = events.begin[place, t], events.end[place, t]
        amplitude = events.amplitude[place] if len(events.amplitude) > 0 else state.nothing
        writing, rows, words, step = state.writing, events.rows[place], state.writing.words[q], np.int64(t)
        weight, devices, full_scale = crossbar.state.weight, crossbar.synapses.devices, crossbar.synapses.full_scale
        held = write(
            writing, words, pulse, weight, devices, full_scale, crossbar.update, rows, amplitude, begin, end, step
        )
        return np.int64(0), held

    return write_devices


def _column_by_column(write_column: Any) -> Any:
    """Returns how many writes were held back."""

    @inlined
    def write(writing, words, pulse, weight, devices, full_scale, update, rows, amplitude, begin, end, t):
        n_open = open_columns(writing.open, writing.numbers, pulse)
        opened_pulses(writing.opened, pulse, update)
        listed = writing.listed
        n = list_rows(listed, rows, amplitude, begin, end, weight)
        held = np.int64(0)
        for k in range(n_open):
            c = writing.open[k]
            if update.temporal:
                normals_of_rows(listed.normal, listed.rows, n, t, words[0, c], words[1, c])
            held += write_column(weight, c, listed, n, devices[c], writing.opened[c], pulse[c], full_scale, update)
        return held

    return write


@inlined_in_python
def _write_column(weight, c, listed, n, devices, opened, pulse, full_scale, update):
    return write_device_column(weight, c, listed, n, devices, opened, full_scale, update)


@inlined_in_python
def _write_unipolar_column(weight, c, listed, n, devices, opened, pulse, full_scale, update):
    turned = turned_pulse(pulse, c, update)
    return write_unipolar_column(weight, c, listed, n, devices, opened, turned, full_scale, update)


_devices, _unipolar_devices = _column_by_column(_write_column), _column_by_column(_write_unipolar_column)


@inlined_in_python
def _row_pulses(pulses, opened, row, amplitude, pulse, update):
    row_pulses(pulses, opened, row, update)


@inlined_in_python
def _signed_row_pulses(pulses, opened, row, amplitude, pulse, update):
    if amplitude > 0:
        row_pulses(pulses, opened, row, update)
    else:
        turned_row_pulses(pulses, row, pulse, update)


def _row_by_row(pulses_of_row: Any, write_row: Any) -> Any:
    """Returns how many codes changed and how many were held back."""

    @outlined
    def write(writing, words, pulse, synapses, state, update, dither, rows, amplitude, begin, end, t):
        n_open, opened, numbers, pulses = np.int64(0), writing.opened, writing.open, writing.row_pulse
        if update.temporal:
            n_open = open_columns(numbers, writing.numbers, pulse)
        opened_pulses(opened, pulse, update)
        listed = writing.listed
        n = list_rows(listed, rows, amplitude, begin, end, state.weight)
        written, held = np.int64(0), np.int64(0)
        for k in range(n):
            row, x = listed.rows[k], listed.amplitude[k]
            pulses_of_row(pulses, opened, row, x, pulse, update)
            for i in range(n_open):
                c = numbers[i]
                pulses[c] *= np.float32(1) + update.cycle[c] * normal_of_write(row, t, words[0, c], words[1, c])
            lsb = synapses.bias_lsb if k == n - 1 else synapses.lsb
            changed, clipped = write_row(
                state.weight, synapses.gain, state.coded, row, lsb, x, pulse, pulses, dither, update.step_up,
                update.step_down,
            )  # fmt: skip
            written += changed
            held += clipped
        return written, held

    return write


_codes, _unipolar_codes = _row_by_row(_row_pulses, write_coded_row), _row_by_row(_signed_row_pulses, write_unipolar_row)
