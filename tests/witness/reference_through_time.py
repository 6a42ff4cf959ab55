"""The reference model of training through all layers: Eqs. 1 to 5 of host.gradients.backward in plain float64 loops.

Beside spikes it knows smooth neurons, whose output is the integral of the surrogate: with the spikes that reset a
membrane held as they were, finite differences give the very gradient that the way back must find.
"""

from dataclasses import dataclass

import numpy as np


@dataclass
class Net:
    """Weights (n_in, n_out) and biases of each layer, what a step leaves of its membranes, its threshold."""

    weights: list
    decay: np.ndarray
    threshold: np.ndarray
    reset: str = "subtract"
    readout: str = "integrating"
    surrogate: str = "triangle"
    height: float = 0.3
    steepness: float = 1.0


def slope(net, z):
    """g(z); of spike-time, z: steps since the last spike."""
    h, s = net.height, net.steepness
    if net.surrogate == "triangle":
        return h * np.maximum(0, 1 - s * np.abs(z))
    if net.surrogate == "boxcar":
        return h * (np.abs(z) < s)
    return h * np.exp(-s * np.abs(z))


def smooth_spike(net, z):
    """The integral of g."""
    h, s = net.height, net.steepness
    if net.surrogate == "triangle":
        x = np.clip(s * z, -1, 1)
        return h / s * np.where(x < 0, (x + 1) ** 2 / 2, 1 - (1 - x) ** 2 / 2)
    if net.surrogate == "boxcar":
        return h * np.clip(z + s, 0, 2 * s)
    return h / s * np.where(z < 0, np.exp(-s * np.abs(z)), 2 - np.exp(-s * np.abs(z)))


def forward(net, inputs, steps, smooth=False, resets=None):
    """inputs (S, n_in), shown at every step, or (S, T, n_in), those of each.

    Per layer (S, T, n): membranes, outputs, and the spikes that reset.
    """
    n_layers = len(net.weights)
    fires = [layer < n_layers - 1 or net.readout == "spiking" for layer in range(n_layers)]
    shapes = [(len(inputs), steps, b.size) for _, b in net.weights]
    membranes, outputs, reset = ([np.zeros(shape) for shape in shapes] for _ in range(3))
    for t in range(steps):
        came_in = inputs if inputs.ndim == 2 else inputs[:, t]
        for layer, (w, b) in enumerate(net.weights):
            a, th = net.decay[layer], net.threshold[layer]
            before = membranes[layer][:, t - 1] if t else 0
            spiked = (resets or reset)[layer][:, t - 1] if t else 0
            current = came_in @ w + b
            u = {
                "subtract": a * before + current - th * spiked,
                "subtract-before-leak": a * (before - th * spiked) + current,
                "zero": a * before * (1 - spiked) + current,
            }[net.reset if fires[layer] else "subtract"]
            membranes[layer][:, t] = u
            if fires[layer]:
                reset[layer][:, t] = u >= th
                outputs[layer][:, t] = smooth_spike(net, u / th - 1) if smooth else u >= th
            came_in = outputs[layer][:, t]
    return membranes, outputs, reset


def loss_and_slopes(net, membranes, outputs, labels, scale, penalty, ends=None, last=None):
    """Cross-entropy of scaled scores and the penalty of squared counts; dL/dscore (S, n), dL/dC per hidden layer.

    ends, last: see `gradients`.
    """
    n_steps = membranes[-1].shape[1]
    ends = np.full(len(labels), n_steps) if ends is None else ends
    step = np.arange(n_steps)[None, :, None]
    outputs = [np.where(step < ends[:, None, None], each, 0) for each in outputs]
    scores = membranes[-1][np.arange(len(labels)), ends - 1]
    if net.readout == "spiking":
        counted = step >= (0 * ends if last is None else ends - last)[:, None, None]
        scores = np.where(counted, outputs[-1], 0).sum(axis=1) / (last or n_steps)
    logits = scale * scores
    softmax = np.exp(logits - logits.max(axis=1, keepdims=True))
    softmax /= softmax.sum(axis=1, keepdims=True)
    own = (np.arange(len(labels)), labels)
    counts = [each.sum(axis=1) for each in outputs[:-1]]
    loss = -np.log(softmax[own]).mean() + penalty * sum(np.mean(c**2) for c in counts)
    softmax[own] -= 1
    return loss, softmax * scale / len(labels), [2 * penalty * c / c.size for c in counts]


def steps_since(spikes, s, t, i):
    """Since neuron i of sample s last fired."""
    before = [k for k in range(t + 1) if spikes[s, k, i]]
    return t - before[-1] if before else np.inf


def gradients(net, inputs, labels, steps, scale, penalty=0.0, smooth=False, ends=None, last=None):
    """dL/dw and dL/db of every layer, dL/da and dL/dth (n_layers,).

    ends: (S,) steps after which a sample is over; last: of outputs that fire, how many steps before that count; None:
    all.
    """
    membranes, outputs, resets = forward(net, inputs, steps, smooth)
    _, by_score, by_count = loss_and_slopes(net, membranes, outputs, labels, scale, penalty, ends, last)
    n_layers, n_samples = len(net.weights), len(inputs)
    found = [(np.zeros(w.shape), np.zeros(b.shape)) for w, b in net.weights]
    by_decay, by_threshold = np.zeros(n_layers), np.zeros(n_layers)
    for s in range(n_samples):
        above = None
        for layer in range(n_layers - 1, -1, -1):
            a, th, n = net.decay[layer], net.threshold[layer], net.weights[layer][1].size
            fires = layer < n_layers - 1 or net.readout == "spiking"
            d = np.zeros((steps + 1, n))
            end = steps if ends is None else ends[s]
            for t in range(end - 1, -1, -1):
                for i in range(n):
                    u, fired = membranes[layer][s, t, i], resets[layer][s, t, i]
                    kept = a * (1 - fired) if net.reset == "zero" else a
                    d[t, i] = (kept if fires else a) * d[t + 1, i]
                    if not fires:
                        d[t, i] += by_score[s, i] if t == end - 1 else 0
                    else:
                        e = 0.0 if above is None else net.weights[layer + 1][0][i] @ above[t]
                        if layer < n_layers - 1:
                            e += by_count[layer][s, i]
                        elif last is None or t >= end - last:
                            e += by_score[s, i] / (last or steps)
                        z = steps_since(resets[layer], s, t, i) if net.surrogate == "spike-time" else u / th - 1
                        d[t, i] += e * slope(net, z) / th
                        by_threshold[layer] -= e * slope(net, z) * u / th**2
                    if t:
                        u_before, s_before = membranes[layer][s, t - 1, i], resets[layer][s, t - 1, i]
                        cut = {"subtract": 0, "subtract-before-leak": th, "zero": u_before}[net.reset] if fires else 0
                        by_decay[layer] += d[t, i] * (u_before - cut * s_before)
                        charge = {"subtract": 1, "subtract-before-leak": a, "zero": 0}[net.reset] if fires else 0
                        by_threshold[layer] -= d[t, i] * charge * s_before
                shown = inputs[s] if inputs.ndim == 2 else inputs[s, t]
                came_in = shown if layer == 0 else outputs[layer - 1][s, t]
                found[layer][0][...] += np.outer(came_in, d[t])
                found[layer][1][...] += d[t]
            above = d
    return found, by_decay, by_threshold
