"""The gradient of a layer's local loss, for a block of its columns: forward through a window, then back through time.

Symbols as in Yang et al. 2022 (arXiv 2210.04532), T steps, all charges in nominal thresholds:

    L = sum_i (y_i - C_i / T)^2                                                        (4), y in spikes per step
    D_i[t] = dL/dU_i[t] = delta_i[t] theta'(U_i[t]) + k_i[t] D_i[t+1]                  (6), D_i[T+1] = 0
    delta_i[t] = dL/dS_i[t] = -(2 / T) (y_i - C_i / T) - r_i[t] D_i[t+1]               (7)
    theta'(U) = 1 / p where |U - th_i| < p / 2, else 0                                 (8)
    dL/dw_ij = sum_t D_i[t] S_j[t],  dL/db_i = sum_t D_i[t]                            (5), S_j as it arrives in step t

k is what a step keeps of a membrane, r what a spike takes from it: k = a, r = th for the subtractive reset, and
k = a (1 - S[t]), r = a U[t] for the reset to zero. Eqs. 6 and 7 as printed cut D[t+1] down to its first term; here the
chain rule is followed to the window's end, by `host.gradients.backward`, whose e is here -(2 / T) (y_i - C_i / T) at
every step. Where a rail clips a membrane the gradient passes as if it did not: a
neuron that lies at the lower rail could not be called back otherwise.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from chipsim.kernel import forward_of, forward_parts, new_state
from chipsim.layout import NeuronState, row_of
from chipsim.neurons import Readout
from chipsim.simd import inlined, kernel_named, outlined, placed, write_whole_rows
from host.gradients.backward import NeuronConstants, step_back

_ZERO = np.float32(0)
_ONE = np.float32(1)
_TWO = np.float32(2)
_FAR = np.float32(np.inf)
_back = step_back("boxcar")


class Window(NamedTuple):
    """A block of n columns within a window of T steps: what the way back needs to know, float32."""

    state: NeuronState  # of the way forward
    pull: Any  # (n,), -(2 / T) (y - C / T)
    later: Any  # (n,), D[t+1]
    membranes: Any  # (T, n), U
    spikes: Any  # (T, n), S
    slopes: Any  # (T, n), D
    nothing: Any  # (n,), no error from above
    current: Any  # (n,), dI[t+1], which is D[t+1]
    ones: Any  # (n,)


def new_window(neuron: str, n: int, n_in: int, steps: int) -> Window:
    """Room for a block of n columns. neuron: the name of its formulas."""
    one, all_steps, f = (n,), (steps, n), np.float32
    return Window(
        state=new_state(forward_parts(neuron).plan, (), 1, n, n_in, steps),
        pull=placed(14, one, f),
        later=placed(12, one, f),
        membranes=placed(8, all_steps, f),
        spikes=placed(10, all_steps, f),
        slopes=placed(1, all_steps, f),
        nothing=np.zeros(one, f),
        current=np.zeros(one, f),
        ones=np.ones(one, f),
    )


@lru_cache
def gradient_kernel(neuron: str) -> Any:
    """The kernel for layers of integrate-and-fire neurons or readouts. neuron: the name of their formulas.

    Called with (block, fields, gradient, events, spike_bits, windows, targets, width, window, start, stop), it adds the
    gradient of windows start .. stop - 1 to `gradient` (n_in + 1, n) and returns the rows that were active. block: see
    `chipsim.layout.tables`, with its axis of crossbars, its weights as delivered; fields: of a dense layer; events: the
    layer's input; spike_bits: gains its spikes (see `chipsim.layout.spike_bits`); windows: (S,) int64, numbers that key
    the noise; targets: (S, n_out) float32 in whole vectors; width: p of Eq. 8 in thresholds; window: see `new_window`.
    """
    forward, parts = forward_of(neuron), forward_parts(neuron)
    membrane, spike, count = (row_of(parts.kept, name) for name in ("membrane", "spike", "count"))
    decay, threshold, reset = (row_of(parts.places.tables, name) for name in ("decay", "threshold", "reset_charge"))
    zero_reset, is_readout = row_of(parts.places.numbers, "zero_reset"), neuron == Readout.name

    def gradient_block(block, fields, gradient, events, spike_bits, windows, targets, width, window, start, stop):
        active = np.int64(0)
        shown = window.state.state[0]
        tables = block.tables[0]
        neurons = NeuronConstants(
            tables[decay], tables[threshold], window.ones, tables[reset], block.numbers[zero_reset], _ONE,
            _ZERO, _ONE / width, width / _TWO, -_FAR, _FAR,
        )  # fmt: skip
        for s in range(np.uint64(start), np.uint64(stop)):
            shown[:, :] = _ZERO
            for t in range(np.uint64(len(window.membranes))):
                active += np.int64(events.end[s, t] - events.begin[s, t])
                forward(block, window.state, fields, events, spike_bits, windows[s], s, t)
                _copy(window.membranes[t], shown[membrane])
                _copy(window.spikes[t], shown[spike])
            target = targets[s, block.first : block.first + gradient.shape[1]]
            _pull(window.pull, target, shown[count], len(window.slopes))
            if is_readout:
                _back_from_readout(window, neurons)
            else:
                _back_through_time(window, neurons)
            if len(events.amplitude) > 0:
                _add_graded(gradient, window.slopes, events, s)
            else:
                for t in range(len(window.slopes)):
                    write_whole_rows(window.slopes[t], gradient, events.rows[s], events.begin[s, t], events.end[s, t])
            _add_bias(gradient[len(gradient) - 1], window.slopes)
        return active

    return kernel_named(f"gradient {parts.called}")(gradient_block)


@inlined
def _copy(target, source):
    for i in range(len(target)):
        target[i] = source[i]


@inlined
def _pull(pull, target, count, steps):
    """Eq. 7 but for its second term."""
    per_step = _ONE / np.float32(steps)
    for i in range(len(pull)):
        pull[i] = -_TWO * per_step * (target[i] - count[i] * per_step)


@inlined
def _back_through_time(window, neurons):
    """Eqs. 6 to 8: window.slopes from window.membranes, spikes and pull."""
    steps = len(window.slopes)
    window.later[:] = _ZERO
    window.current[:] = _ZERO
    for back in range(steps):
        t = steps - 1 - back
        seen = window.membranes[t]
        _back(window.later, window.current, window.nothing, window.pull, seen, window.spikes[t], neurons)
        _copy(window.slopes[t], window.current)


@inlined
def _back_from_readout(window, neurons):
    """An integrating readout: U[T] / (th T) stands in for C / T, and nothing is ever reset."""
    slopes, pull = window.slopes, window.pull
    steps = len(slopes)
    last = slopes[steps - 1]
    for i in range(len(last)):
        last[i] = pull[i] / neurons.threshold[i]
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
