"""What the nodes of a NIR chain say, step by step in float64: nothing is folded, each is computed as it stands."""

import numpy as np


def simulated(nodes, inputs, step_s, reset, integration="euler"):
    """Spike counts of the last neurons, or their last voltages where they do not fire.

    nodes: of a NIR graph between input and output; inputs: (T, S, ...), channels first.
    """
    states, counts = [{} for _ in nodes], 0.0
    for x in inputs.astype(np.float64):
        for node, state in zip(nodes, states, strict=True):
            x = _step(node, state, x, step_s, reset, integration)
        counts = counts + x if hasattr(nodes[-1], "v_threshold") else x
    return counts


def _step(node, state, x, step_s, reset, integration):
    kind = type(node).__name__
    if kind in ("Affine", "Linear"):
        return x @ node.weight.T + getattr(node, "bias", 0.0)
    if kind == "Conv2d":
        return convolved(x, node.weight, node.stride, node.padding) + node.bias[:, None, None]
    if kind in ("AvgPool2d", "SumPool2d"):
        height, width = np.ravel(node.kernel_size) * np.ones(2, int)
        weight = 1 / (height * width) if kind == "AvgPool2d" else 1
        own = np.eye(x.shape[1])[:, :, None, None] * np.full((height, width), weight)
        return convolved(x, own, node.stride, node.padding)
    if kind == "Scale":
        return x * node.scale
    if kind == "Flatten":
        return x.reshape(len(x), -1)
    return _neurons(node, state, x, step_s, reset, integration)


def _neurons(node, state, x, step_s, reset, integration):
    def decay(tau):
        return 1 - step_s / tau if integration == "euler" else np.exp(-step_s / tau)

    if hasattr(node, "tau_syn"):
        b = decay(node.tau_syn)
        state["i"] = x = b * state.get("i", 0.0) + node.w_in * (1 - b) * x
    if hasattr(node, "tau") or hasattr(node, "tau_mem"):
        a = decay(node.tau if hasattr(node, "tau") else node.tau_mem)
        gain = node.r * (1 - a)
    else:
        a, gain = 1.0, node.r * step_s
    v, fired = state.get("v", 0.0), state.get("fired", 0.0)
    if reset == "zero":
        v = a * v * (1 - fired)
    elif reset == "subtract":
        v = a * v - getattr(node, "v_threshold", 0.0) * fired
    else:
        v = a * (v - getattr(node, "v_threshold", 0.0) * fired)
    state["v"] = v = v + gain * x
    if not hasattr(node, "v_threshold"):
        return v
    state["fired"] = fired = (v >= node.v_threshold).astype(float)
    return fired


def convolved(x, kernels, stride, padding):
    """x: (S, channels, height, width)."""
    (down, right), (top, left) = (np.ravel(each) * np.ones(2, int) for each in (stride, padding))
    x = np.pad(x, ((0, 0), (0, 0), (top, top), (left, left)))
    height, width = kernels.shape[2:]
    rows, columns = (x.shape[2] - height) // down + 1, (x.shape[3] - width) // right + 1
    out = np.zeros((len(x), len(kernels), rows, columns))
    for y in range(rows):
        for z in range(columns):
            window = x[:, :, y * down : y * down + height, z * right : z * right + width]
            out[:, :, y, z] = np.tensordot(window, kernels, ((1, 2, 3), (1, 2, 3)))
    return out
