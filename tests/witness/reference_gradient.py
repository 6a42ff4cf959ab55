"""The reference model of gradients through time: one line per equation (Yang et al. 2022, Eqs. 4 to 8), in float64.

Beside the chip's spikes it knows a smooth neuron, whose output is the ramp clip((U - th) / p + 1/2, 0, 1): its slope is
just the boxcar of Eq. 8, so that the same way back must give its exact gradient.
"""

import numpy as np


def forward(inputs, weight, decay, zero_reset, width, smooth):
    """inputs (T, n_in), weight (n_in + 1, n); thresholds are 1, no rails. Returns membranes and outputs (T, n)."""
    steps, n = len(inputs), weight.shape[1]
    membranes, outputs = np.zeros((steps, n)), np.zeros((steps, n))
    u, s = np.zeros(n), np.zeros(n)
    for t in range(steps):
        current = inputs[t] @ weight[:-1] + weight[-1]
        u = decay * u * (1 - zero_reset * s) + current - (1 - zero_reset) * s
        s = np.clip((u - 1) / width + 0.5, 0, 1) if smooth else (u >= 1).astype(float)
        membranes[t], outputs[t] = u, s
    return membranes, outputs


def loss(outputs, target):
    """Eq. 4."""
    return float(np.sum((target - outputs.mean(axis=0)) ** 2))


def backward(inputs, membranes, outputs, target, decay, zero_reset, width):
    """Gradient (n_in + 1, n) of Eq. 4 by the weights, biases last."""
    steps, n = membranes.shape
    later, slopes = np.zeros(n), np.zeros((steps, n))
    for t in reversed(range(steps)):
        taken = zero_reset * decay * membranes[t] + (1 - zero_reset)
        delta = -2 / steps * (target - outputs.mean(axis=0)) - taken * later
        box = (np.abs(membranes[t] - 1) < width / 2) / width
        later = delta * box + decay * (1 - zero_reset * outputs[t]) * later
        slopes[t] = later
    return np.concatenate([inputs.T @ slopes, slopes.sum(axis=0)[None]])


def backward_of_readout(inputs, last_membrane, target, decay):
    """The same for an integrating readout, U[T] / T standing in for the rate."""
    steps = len(inputs)
    last = -2 / steps * (target - last_membrane / steps)
    slopes = decay ** np.arange(steps - 1, -1, -1)[:, None] * last
    return np.concatenate([inputs.T @ slopes, slopes.sum(axis=0)[None]])
