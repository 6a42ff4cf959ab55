"""The chain rule through the layers of `host.gradients.all_layers.model`, compiled.

With L the loss, e = dL/dS, dU = dL/dU and dI = dL/dI, from the last step to the first:

    e_i[t]  = sum_k w_ik dI_k[t] + dL/dC_i                             (5)   k: columns of the layer above
    dU_i[t], dI_i[t]: Eqs. 2 and 3 of `host.gradients.backward`        (6, 7)   without the way through the reset
    dL/dw_ji   = sum over samples and steps of x_j[t] dI_i[t]          (8)
    dL/dbias_i = sum over samples and steps of dI_i[t]                 (9)

S: samples, T: steps; n, m: columns of a layer and of the one below, in whole vectors. Errors are in loss per threshold.
Rows with spikes are all that Eq. 8 visits.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from chipsim.simd import inlined, kernel, kernel_named, outlined, write_whole_rows
from host.gradients.backward import step_back, threshold_slope

_ZERO = np.float32(0)
_ONE = np.float32(1)
_BITS = 16  # neurons per mask of chipsim.layout.spike_bits
_MASKS = 4  # masks side by side


@outlined
def _unpack(spiked, spike_bits, s, t):
    """S[t] of window s as (n,) float32; no spikes before step 0."""
    for i in range(len(spiked)):
        spiked[i] = _ZERO
        if t >= 0:
            mask = spike_bits[i // (_BITS * _MASKS), s, t, i // _BITS % _MASKS]
            if (mask >> np.uint16(i % _BITS)) & np.uint16(1):
                spiked[i] = _ONE


@inlined
def _copy(target, source):
    for i in range(len(target)):
        target[i] = source[i]


@lru_cache
def through_spiking_layer(surrogate: str) -> Any:
    """The kernel for Eqs. 6 and 7 of samples start .. stop - 1.

    Of (error, count_error, membranes, spike_bits, neurons, ends, work, start, stop). error: (S, T, n) float32, the
    first term of e, becomes dI; ends: (S,) int64, steps that each sample has; count_error: (S, n) float32, dL/dC;
    membranes: (S, T, n) float32, what the surrogate looks at; spike_bits: see chipsim.layout.spike_bits; work: (3, n)
    float32, room.
    """
    back = step_back(surrogate)

    def through_layer(error, count_error, membranes, spike_bits, neurons, ends, work, start, stop):
        later, current, spiked = work[0], work[1], work[2]
        spiked[:] = _ZERO
        for s in range(start, stop):
            later[:] = _ZERO
            current[:] = _ZERO
            error[s, ends[s] :] = _ZERO
            for reverse in range(ends[s]):
                t = ends[s] - 1 - reverse
                if neurons.zero_reset != _ZERO:
                    _unpack(spiked, spike_bits, s, t)
                back(later, current, error[s, t], count_error[s], membranes[s, t], spiked, neurons)
                _copy(error[s, t], current)

    return kernel_named(f"back through {surrogate}")(through_layer)


@inlined
def _leak_and_threshold(dynamics, later, before, spiked, neurons, charges, first):
    """A step's terms of Eqs. 4 and 5 of `host.gradients.backward`, but for the first of Eq. 5."""
    leak, threshold, taken, per_threshold = dynamics[0], dynamics[1], charges[0], charges[1]
    for i in range(len(later)):
        u = _ZERO if first else before[i]
        u = u * (_ONE - neurons.zero_reset * spiked[i])
        leak[i] += later[i] * (u - taken[i] * spiked[i])
        threshold[i] -= later[i] * per_threshold[i] * spiked[i]


@lru_cache
def through_learning_layer(surrogate: str) -> Any:
    """As `through_spiking_layer`, and what the leak and the threshold are to blame for.

    Of (error, count_error, seen, membranes, spike_bits, neurons, ends, charges, dynamics, work, start, stop). seen: (S,
    T, n) float32, what the surrogate looks at; membranes: U; charges: (2, n) float32, the threshold where it is taken
    off before the leak, and what a spike takes off the next membrane per threshold; dynamics: (S, 2, n) float32, gets
    dL/da and dL/dth of each sample and column; work: (4, n) float32, room.
    """
    back, slope = step_back(surrogate), threshold_slope(surrogate)

    def through_layer(
        error, count_error, seen, membranes, spike_bits, neurons, ends, charges, dynamics, work, start, stop
    ):
        later, current, spiked, before = work[0], work[1], work[2], work[3]
        for s in range(start, stop):
            later[:] = _ZERO
            current[:] = _ZERO
            dynamics[s, :, :] = _ZERO
            steps = ends[s]
            error[s, steps:] = _ZERO
            _unpack(spiked, spike_bits, s, steps - 1)
            for reverse in range(steps):
                t = steps - 1 - reverse
                slope(dynamics[s, 1], error[s, t], count_error[s], seen[s, t], membranes[s, t], later, neurons)
                back(later, current, error[s, t], count_error[s], seen[s, t], spiked, neurons)
                _copy(error[s, t], current)
                _unpack(before, spike_bits, s, t - 1)
                _leak_and_threshold(dynamics[s], later, membranes[s, max(t - 1, 0)], before, neurons, charges, t == 0)
                _copy(spiked, before)

    return kernel_named(f"back through learning {surrogate}")(through_layer)


@kernel
def through_readout(error, score_error, score_step, neurons, work, start, stop):
    """Eqs. 6 and 7 of a readout that does not fire, whose score is its membrane at one step.

    error: (S, T, n) float32, becomes dI; score_error: (S, n) float32, dL/dU at step score_step (S, n) int64; work:
    (2, n) float32, room.
    """
    remembered, current = work[0], work[1]
    for s in range(start, stop):
        remembered[:] = _ZERO
        current[:] = _ZERO
        for back in range(error.shape[1]):
            t = error.shape[1] - 1 - back
            for i in range(error.shape[2]):
                d = remembered[i] + (score_error[s, i] if score_step[s, i] == t else _ZERO)
                remembered[i] = neurons.decay[i] * d
                current[i] = d + neurons.synaptic_decay * current[i]
                error[s, t, i] = current[i]


@inlined
def _add_scaled(target, source, factor):
    for i in range(len(target)):
        target[i] += factor * source[i]


@kernel
def to_layer_below(below, error, transposed, start, stop):
    """The sum of Eq. 5 for samples start .. stop - 1.

    below: (S, T, m) float32, is overwritten; error: (S, T, n) float32, dI of the layer; transposed: (n_out, m) float32,
    its weights, a row per column.
    """
    for s in range(start, stop):
        for t in range(error.shape[1]):
            target = below[s, t]
            target[:] = _ZERO
            for k in range(len(transposed)):
                if error[s, t, k] != _ZERO:
                    _add_scaled(target, transposed[k], error[s, t, k])


@inlined
def _add(target, source):
    for i in range(len(target)):
        target[i] += source[i]


@kernel
def weight_gradient(gradient, error, events, first, room):
    """Eqs. 8 and 9 for a block of columns, samples and steps added in their order.

    gradient: (n_in + 1, w) float32, is overwritten, the bias last; error: (S, T, n) float32, dI; events: what came in;
    first: the block's first column; room: (w,) float32.
    """
    gradient[:] = _ZERO
    bias = gradient[len(gradient) - 1]
    last = first + gradient.shape[1]
    for s in range(error.shape[0]):
        if len(events.amplitude) > 0:
            _constant_current(gradient, error, events, s, first, room)
        else:
            for t in range(error.shape[1]):
                columns = error[s, t, first:last]
                write_whole_rows(columns, gradient, events.rows[s], events.begin[s, t], events.end[s, t])
                _add(bias, columns)


@outlined
def _constant_current(gradient, error, events, s, first, total):
    """The same rows at every step of a window: its steps are added first."""
    total[:] = _ZERO
    steps = error.shape[1]
    for t in range(steps):
        _add(total, error[s, t, first : first + len(total)])
        begin, end = events.begin[s, t], events.end[s, t]
        if t == steps - 1 or begin != events.begin[s, t + 1] or end != events.end[s, t + 1]:
            for k in range(begin, end):
                _add_scaled(gradient[events.rows[s, k]], total, events.amplitude[s, k])
            _add(gradient[len(gradient) - 1], total)
            total[:] = _ZERO
