"""The gradients of tests/witness/reference_through_time.py by PyTorch, spikes with a derivative of their own."""

import numpy as np


def torch_gradients(torch, net, inputs, labels, steps, scale, penalty, ends=None):
    """dL/dw and dL/db of every layer, dL/da and dL/dth, in float64; reset by subtraction, integrating readout.

    inputs: (S, n_in), shown at every step, or (S, T, n_in); ends: (S,) steps after which a sample is over; None: all.
    """
    h, s = net.height, net.steepness

    class Spike(torch.autograd.Function):
        @staticmethod
        def forward(ctx, z, since):
            ctx.save_for_backward(z, since)
            return (z >= 0).double()

        @staticmethod
        def backward(ctx, error):
            z, since = ctx.saved_tensors
            slope = {
                "triangle": lambda: h * torch.clamp(1 - s * z.abs(), min=0),
                "boxcar": lambda: h * (z.abs() < s),
                "exponential": lambda: h * torch.exp(-s * z.abs()),
                "spike-time": lambda: h * torch.exp(-s * since),
            }[net.surrogate]()
            return error * slope, None

    def parameter(values):
        return torch.tensor(np.asarray(values, np.float64), requires_grad=True)

    weights = [(parameter(w), parameter(b)) for w, b in net.weights]
    decay, threshold = parameter(net.decay), parameter(net.threshold)
    x = torch.tensor(inputs, dtype=torch.float64)
    n_layers = len(weights)
    membranes = [torch.zeros(len(inputs), b.shape[0], dtype=torch.float64) for _, b in weights]
    spikes = [torch.zeros_like(u) for u in membranes]
    last = [torch.full_like(u, -np.inf) for u in membranes]
    counts = [torch.zeros_like(u) for u in membranes]
    ends = torch.full((len(inputs),), steps) if ends is None else torch.tensor(ends)
    scores = torch.zeros_like(membranes[-1])
    for t in range(steps):
        came_in = x if x.ndim == 2 else x[:, t]
        for layer, (w, b) in enumerate(weights):
            u = decay[layer] * membranes[layer] + came_in @ w + b
            if layer < n_layers - 1:
                u = u - threshold[layer] * spikes[layer].detach()
                fires = (u >= threshold[layer]).detach()
                last[layer] = torch.where(fires, torch.full_like(u, float(t)), last[layer])
                spikes[layer] = came_in = Spike.apply(u / threshold[layer] - 1, t - last[layer])
                counts[layer] = counts[layer] + came_in * (t < ends)[:, None]
            membranes[layer] = u
        scores = torch.where((t == ends - 1)[:, None], membranes[-1], scores)
    loss = torch.nn.functional.cross_entropy(scale * scores, torch.tensor(labels))
    loss = loss + penalty * sum(count.square().mean() for count in counts[:-1])
    loss.backward()
    layers = [(w.grad.numpy(), b.grad.numpy()) for w, b in weights]
    return layers, decay.grad.numpy(), threshold.grad.numpy()
