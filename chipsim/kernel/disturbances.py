"""Random numbers that a step needs before it is taken: membrane noise, read noise, and the rounding of updates.

They are drawn for four steps at once, each the function of a counter (see `chipsim.random`).
"""

from __future__ import annotations

import numpy as np

from chipsim.layout import FIRST_NOISE, NOISE, READ_NOISE, row_at
from chipsim.random import gaussians, uniform, words_of_columns, words_of_four_steps
from chipsim.simd import inlined_in_python, outlined

_ONE = np.float32(1)
_U0, _U1 = np.uint32(0), np.uint32(1)


@inlined_in_python
def draw_noise(state, block, fields, events, place, window, t, p, q, first):
    """Noise of step t of position p, read noise of its events included (see `nonideality.read`): state.noise[q, t % 4].

    events, place: what it sees, and which of their windows; window: its number; first: its first neuron.
    """
    circuit, step = block.circuit, np.int64(t)
    sigma = row_at(block.disturbances, p, FIRST_NOISE if step == 0 else NOISE)
    if step % 4 == 0:
        key = (circuit.noise_key[0], circuit.noise_key[1])
        words_of_four_steps(state.words, key, window, circuit.layer, step // 4, first)
        gaussians(state.noise[q], state.words)
    now = state.noise[q, step % 4]
    if circuit.reads:
        read_noise, full_scale = row_at(block.disturbances, p, READ_NOISE), block.synapses.full_scale
        if fields.pools:
            channels = np.int64(fields.columns)
            _scale_with_own_reads(now, sigma, read_noise, full_scale, channels, events, place, step, first)
        else:
            _scale_with_reads(now, sigma, read_noise, full_scale, _power_of(events, place, step))
    else:
        for i in range(len(now)):
            now[i] *= sigma[i]


@outlined
def _power_of(events, place, t):
    """Sum of the squared amplitudes of a step's events, bias included: what multiplies the variance of one event."""
    begin, end = events.begin[place, t], events.end[place, t]
    if len(events.amplitude) == 0:
        return np.float32(end - begin + 1)
    power = _ONE
    for x in events.amplitude[place, begin:end]:
        power += x * x
    return power


@outlined
def _scale_with_reads(noise, sigma, read_noise, full_scale, power):
    for i in range(len(noise)):
        event = read_noise[i] * full_scale
        noise[i] *= np.sqrt(sigma[i] * sigma[i] + power * (event * event))


@outlined
def _scale_with_own_reads(noise, sigma, read_noise, full_scale, channels, events, place, t, first):
    """Of a pooling layer, where events reach a column from its own channel alone."""
    for i in range(len(noise)):
        power = _ONE
        for k in range(events.begin[place, t], events.end[place, t]):
            if (np.int64(events.rows[place, k]) - first - i) % channels == 0:
                x = events.amplitude[place, k] if len(events.amplitude) > 0 else _ONE
                power += x * x
        event = read_noise[i] * full_scale
        noise[i] *= np.sqrt(sigma[i] * sigma[i] + power * (event * event))


@inlined_in_python
def draw_dither(state, circuit, window, t, q, first):
    """Uniform numbers of steps t .. t + 3, for the rounding of updates: state.dither[q]."""
    if t % 4 == 0:
        _draw_uniform(state.dither[q], state.words, circuit.dither_key, circuit.layer, window, np.int64(t), first)


@outlined
def _draw_uniform(out, words, stream, layer, window, t, first):
    words_of_four_steps(words, (stream[0], stream[1]), window, layer, t // 4, first)
    for step in range(4):
        values, bits = out[step], words[step]
        for i in range(len(values)):
            values[i] = uniform(bits[i])


@inlined_in_python
def clock_registers(state, registers, circuit, t, q):
    """Step t of the columns' shift registers, and what they leave as dither: state.dither[q, t % 4]."""
    _clock(state.dither[q, np.int64(t) % 4], registers, circuit.taps, circuit.dither_bits)


@outlined
def _clock(out, registers, taps, bits):
    """out: (n,) float32 from 0 to below 1, `bits` bits each; registers: (n,) uint32, see `ColumnBlock`."""
    for _ in range(bits):
        for i in range(len(registers)):
            now = registers[i]
            registers[i] = np.uint32(now >> _U1) ^ np.uint32(taps & np.uint32(_U0 - np.uint32(now & _U1)))
    lowest, unit = np.uint32((np.int64(1) << bits) - 1), _ONE / np.float32(np.int64(1) << bits)
    for i in range(len(registers)):
        out[i] = np.float32(np.int32(registers[i] & lowest)) * unit


@inlined_in_python
def draw_writing(state, circuit, window, q, first):
    """The words behind the random numbers of a window's writes: state.writing.words[q]."""
    update = circuit.update
    if update.temporal:
        words_of_columns(state.writing.words[q], (update.key[0], update.key[1]), window, circuit.layer, first)
