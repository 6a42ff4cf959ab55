"""The chain rule through Eqs. 1 to 4 of `host.gradients.in_the_loop.model`, compiled.

With L the loss, e = dL/dS, dU = dL/dU and dI = dL/dI, from the last step to the first:

    e_i[t]  = sum_k w_ik dI_k[t] + dL/dC_i                             (5)   k: columns of the layer above
    dU_i[t] = e_i[t] dS/dU(U_i[t]) + a dU_i[t+1]                       (6)   second term 0 after a spike reset to zero
    dI_i[t] = dU_i[t] + b dI_i[t+1]                                    (7)
    dL/dw_ji   = sum over samples and steps of x_j[t] dI_i[t]          (8)
    dL/dbias_i = sum over samples and steps of dI_i[t]                 (9)

dU is 0 where a membrane is at a rail. The way of an error through a subtractive reset is left out, as usual (Zenke and
Vogels 2021, Neural Computation 33): it would have the error of a spike count against its own cause.

S: samples, T: steps; n, m: columns of a layer and of the one below, in whole vectors. Errors are in loss per threshold.
Rows with spikes are all that Eq. 8 visits.
"""

from __future__ import annotations

import numpy as np

from chipsim.simd import inlined, kernel, outlined, write_whole_rows

_ZERO = np.float32(0)
_ONE = np.float32(1)
_BITS = 16  # neurons per mask of chipsim.layout.spike_bits
_MASKS = 4  # masks side by side


@inlined
def _through_neurons(error, count_error, codes, threshold, remembered, current, model):
    """One step of Eqs. 4, 6 and 7: e becomes dI in `error` (n,). remembered: a dU[t+1]; current: dI[t+1]."""
    a, b, beta = model.decay, model.synaptic_decay, model.steepness
    low, lsb = model.low, model.lsb
    lower, upper = model.lower_limit, model.upper_limit
    for i in range(len(error)):
        u = low + np.float32(codes[i]) * lsb
        x = beta * abs(u - threshold[i]) + _ONE
        d = (error[i] + count_error[i]) / (x * x) + remembered[i]
        d = d if lower <= u <= upper else _ZERO
        remembered[i] = a * d
        d += b * current[i]
        current[i] = d
        error[i] = d


@outlined
def _forget_reset(remembered, spike_bits, s, t):
    """Where a spike at step t emptied the membrane, no error comes from later steps."""
    for i in range(len(remembered)):
        mask = spike_bits[i // (_BITS * _MASKS), s, t, i // _BITS % _MASKS]
        if (mask >> np.uint16(i % _BITS)) & np.uint16(1):
            remembered[i] = _ZERO


@kernel
def through_spiking_layer(error, count_error, codes, spike_bits, threshold, model, work, start, stop):
    """Eqs. 4, 6 and 7 for samples start .. stop - 1.

    error: (S, T, n) float32, the first term of e, becomes dI; count_error: (S, n) float32, dL/dC; codes: (S, T, n)
    uint8, membranes; fired: spikes as bits, see chipsim.layout.spike_bits; threshold: (n,) float32; work: (2, n)
    float32, room.
    """
    remembered, current = work[0], work[1]
    for s in range(start, stop):
        remembered[:] = _ZERO
        current[:] = _ZERO
        for back in range(error.shape[1]):
            t = error.shape[1] - 1 - back
            if model.zero_reset:
                _forget_reset(remembered, spike_bits, s, t)
            _through_neurons(error[s, t], count_error[s], codes[s, t], threshold, remembered, current, model)


@kernel
def through_readout(error, score_error, score_step, model, work, start, stop):
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
                remembered[i] = model.decay * d
                current[i] = d + model.synaptic_decay * current[i]
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
    """The same rows at every step: the steps are added first."""
    total[:] = _ZERO
    for t in range(error.shape[1]):
        _add(total, error[s, t, first : first + len(total)])
    for k in range(events.begin[s, 0], events.end[s, 0]):
        _add_scaled(gradient[events.rows[s, k]], total, events.amplitude[s, k])
    _add(gradient[len(gradient) - 1], total)
