"""The gradient of a layer's local loss, for a block of its columns: forward through a window, then back through time.

Symbols as in Yang et al. 2022 (arXiv 2210.04532), T steps, all charges in nominal thresholds:

    L = sum_i (y_i - C_i / T)^2                                                        (4), y in spikes per step
    D_i[t] = dL/dU_i[t] = delta_i[t] theta'(U_i[t]) + k_i[t] D_i[t+1]                  (6), D_i[T+1] = 0
    delta_i[t] = dL/dS_i[t] = -(2 / T) (y_i - C_i / T) - r_i[t] D_i[t+1]               (7)
    theta'(U) = 1 / p where |U - th_i| < p / 2, else 0                                 (8)
    dL/dw_ij = sum_t D_i[t] S_j[t],  dL/db_i = sum_t D_i[t]                            (5), S_j as it arrives in step t

k is what a step keeps of a membrane, r what a spike takes from it: k = a, r = th for the subtractive reset, and
k = a (1 - S[t]), r = a U[t] for the reset to zero. Eqs. 6 and 7 as printed cut D[t+1] down to its first term; here the
chain rule is followed to the window's end. Where a rail clips a membrane the gradient passes as if it did not: a
neuron that lies at the lower rail could not be called back otherwise.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from chipsim.kernel import add_constant_current_rows, add_noise, add_rows, fire, integrate_readout
from chipsim.random import gaussians, words_of_four_steps
from chipsim.simd import inlined, kernel, outlined, placed, write_whole_rows

_ZERO = np.float32(0)
_ONE = np.float32(1)
_TWO = np.float32(2)
_NEVER_FULL = np.float32(1 << 24)  # the host counts all spikes


class Window(NamedTuple):
    """A block of n columns within a window of T steps: what the way back needs to know. float32 but where said."""

    drive: Any  # (n,)
    current: Any  # (n,)
    noise: Any  # (4, n), of four steps
    words: Any  # (4, n) uint32, random words behind the noise
    membrane: Any  # (n,)
    spiked: Any  # (n,), 0 or 1
    count: Any  # (n,), C; of an integrating readout its membrane over its threshold
    membranes: Any  # (T, n), U
    spikes: Any  # (T, n), S
    slopes: Any  # (T, n), D


def new_window(n: int, steps: int) -> Window:
    """Room for a block of n columns; arrays lie as in `chipsim.layout.neuron_state.new_neuron_state`."""
    one, four, all_steps, f = (n,), (4, n), (steps, n), np.float32
    return Window(
        drive=placed(12, one, f),
        current=placed(14, one, f),
        noise=placed(11, four, f),
        words=placed(13, four, np.uint32),
        membrane=placed(0, one, f),
        spiked=placed(2, one, f),
        count=placed(4, one, f),
        membranes=placed(8, all_steps, f),
        spikes=placed(10, all_steps, f),
        slopes=placed(1, all_steps, f),
    )


@kernel
def gradient_block(block, gradient, events, spike_bits, windows, targets, width, window, start, stop):
    """Add the gradient of windows start .. stop - 1 to `gradient` (n_in + 1, n); returns the rows that were active.

    block: see `chipsim.layout.tables`, its weights as delivered; events: the layer's input; fired: gains its spikes
    (see `chipsim.layout.spike_bits`); windows: (S,) int64, numbers that key the noise; targets: (S, n_out) float32 in
    whole vectors; width: p of Eq. 8 in thresholds; window: see `new_window`.
    """
    active = np.int64(0)
    for s in range(start, stop):
        active += _forward(block, events, spike_bits, windows[s], window, s)
        target = targets[s, block.first : block.first + gradient.shape[1]]
        if block.neurons.integrating:
            _back_from_readout(window, block.neurons, target)
        else:
            _back_through_time(window, block.neurons, target, width)
        if len(events.amplitude) > 0:
            _add_graded(gradient, window.slopes, events, s)
        else:
            for t in range(len(window.slopes)):
                write_whole_rows(window.slopes[t], gradient, events.rows[s], events.begin[s, t], events.end[s, t])
        _add_bias(gradient[len(gradient) - 1], window.slopes)
    return active


@inlined
def _copy(target, source):
    for i in range(len(target)):
        target[i] = source[i]


@inlined
def _forward(block, events, spike_bits, number, window, s):
    """Eqs. 1 to 3 and the spike count, as `chipsim.kernel.dense` has them. Returns the number of active rows."""
    neurons, weight = block.neurons, block.state.weight
    constant_current = len(events.amplitude) > 0
    active = np.int64(0)
    window.membrane[:] = _ZERO
    window.spiked[:] = _ZERO
    window.count[:] = _ZERO
    for t in range(len(window.membranes)):
        begin, end = events.begin[s, t], events.end[s, t]
        active += np.int64(end - begin)
        if t == 0 or not constant_current:  # a constant current stays what it is
            _copy(window.drive, weight[len(weight) - 1])
            if constant_current:
                add_constant_current_rows(
                    window.drive, weight, events.rows[s, begin:end], events.amplitude[s, begin:end]
                )
            else:
                add_rows(window.drive, weight, events.rows[s], begin, end)
        current = window.drive
        if neurons.noisy:
            if t % 4 == 0:
                _draw_noise(window, neurons, number, t, block.first)
            current = window.current
            add_noise(current, window.drive, window.noise[t % 4])
        if neurons.integrating:
            integrate_readout(window.membrane, window.count, current, neurons)
        else:
            fire(
                window.membrane,
                window.spiked,
                window.count,
                current,
                neurons,
                _NEVER_FULL,
                spike_bits,
                s,
                t,
                block.first,
            )
        _copy(window.membranes[t], window.membrane)
        _copy(window.spikes[t], window.spiked)
    return active


@outlined
def _draw_noise(window, neurons, number, t, first):
    """Membrane noise of steps t .. t + 3."""
    key = (neurons.noise_key[0], neurons.noise_key[1])
    words_of_four_steps(window.words, key, number, neurons.layer, t // 4, first)
    gaussians(window.noise, window.words)
    for step in range(4):
        noise = window.noise[step]
        for i in range(len(noise)):
            noise[i] *= neurons.noise[i]


@inlined
def _back_through_time(window, neurons, target, width):
    """Eqs. 6 to 8: window.slopes from window.membranes, spikes and count."""
    slopes = window.slopes
    steps = len(slopes)
    per_step = _ONE / np.float32(steps)
    height, half = _ONE / width, width / _TWO
    pull = window.current
    for i in range(len(pull)):
        pull[i] = -_TWO * per_step * (target[i] - window.count[i] * per_step)
    later = window.drive  # D[t+1]
    later[:] = _ZERO
    for back in range(steps):
        t = steps - 1 - back
        membrane, spiked, slope = window.membranes[t], window.spikes[t], slopes[t]
        for i in range(len(pull)):
            u, a = membrane[i], neurons.decay[i]
            kept = a * (_ONE - neurons.zero_reset * spiked[i])
            taken = neurons.reset_charge[i] + neurons.zero_reset * a * u
            delta = pull[i] - taken * later[i]
            box = height if abs(u - neurons.threshold[i]) < half else _ZERO
            d = delta * box + kept * later[i]
            slope[i] = d
            later[i] = d


@inlined
def _back_from_readout(window, neurons, target):
    """An integrating readout: U[T] / (th T) stands in for C / T, and nothing is ever reset."""
    slopes = window.slopes
    steps = len(slopes)
    per_step = _ONE / np.float32(steps)
    last = slopes[steps - 1]
    for i in range(len(last)):
        last[i] = -_TWO * per_step * (target[i] - window.count[i] * per_step) / neurons.threshold[i]
    for back in range(1, steps):
        slope, later = slopes[steps - 1 - back], slopes[steps - back]
        for i in range(len(slope)):
            slope[i] = neurons.decay[i] * later[i]


@inlined
def _add_bias(gradient, slopes):
    for t in range(len(slopes)):
        slope = slopes[t]
        for i in range(len(gradient)):
            gradient[i] += slope[i]


@outlined
def _add_graded(gradient, slopes, events, s):
    """Rows that carry the same amplitude at every step: sum the slopes first."""
    for t in range(1, len(slopes)):
        for i in range(slopes.shape[1]):
            slopes[0, i] += slopes[t, i]
    for k in range(events.begin[s, 0], events.end[s, 0]):
        row = gradient[events.rows[s, k]]
        for i in range(len(row)):
            row[i] += events.amplitude[s, k] * slopes[0, i]
    for t in range(1, len(slopes)):
        slopes[t, :] = _ZERO
