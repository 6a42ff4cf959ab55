"""The same gradients by PyTorch's autograd: the model runs forward, and what was read takes the place of its state.

python tests/host/gradients/torch_gradients.py    # writes torch_gradients.npz anew, which is tested without torch, too
"""

import sys
from pathlib import Path

import numpy as np

GOLDEN = Path(__file__).with_suffix(".npz")
SETTINGS = [
    {"seed": 1, "readout": "integrating-max", "reset": "subtract", "synaptic_decay": 0.6},
    {"seed": 2, "readout": "spiking", "reset": "zero", "synaptic_decay": 0.0},
    {"seed": 3, "readout": "integrating", "reset": "subtract", "synaptic_decay": 0.0},
]
LOSS = {"scale": 3.0, "activity_penalty": 0.2}


def torch_gradients(torch, case, scale, activity_penalty):
    """dL/dw and dL/dbias of every layer of a slow_gradients.Case, by autograd in float64."""

    class Instead(torch.autograd.Function):
        """What was read in place of what the model says; derivatives are the model's."""

        @staticmethod
        def forward(ctx, modelled, read):
            return read.clone()

        @staticmethod
        def backward(ctx, slope):
            return slope, None

    class Spike(torch.autograd.Function):
        @staticmethod
        def forward(ctx, membrane, read, steepness):
            ctx.save_for_backward(membrane)
            ctx.steepness = steepness
            return read.clone()

        @staticmethod
        def backward(ctx, slope):
            (membrane,) = ctx.saved_tensors
            return slope / (ctx.steepness * (membrane - 1).abs() + 1) ** 2, None, None

    parameters = [[torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in pair] for pair in case.weights]
    rows = torch.tensor(case.inputs, dtype=torch.float64)
    loss = torch.zeros((), dtype=torch.float64)
    for layer, ((w, b), read) in enumerate(zip(parameters, case.membranes(), strict=True)):
        model, read = case.models[layer], torch.tensor(read, dtype=torch.float64)
        fires = case.spikes[layer] is not None
        shown = torch.tensor(case.spikes[layer], dtype=torch.float64) if fires else torch.zeros_like(read)
        current, membrane = torch.zeros_like(read[:, 0]), torch.zeros_like(read[:, 0])
        membranes, spikes = [], []
        for t in range(rows.shape[1]):
            current = float(model.synaptic_decay) * current + rows[:, t] @ w + b
            kept = float(model.decay) * membrane
            if fires and t > 0:
                kept = kept * (1 - shown[:, t - 1]) if model.reset == "zero" else kept - shown[:, t - 1]
            membrane = kept + current
            inside = (read[:, t] >= float(model.lower_limit)) & (read[:, t] <= float(model.upper_limit))
            membrane = torch.where(inside, Instead.apply(membrane, read[:, t]), read[:, t])
            membranes.append(membrane)
            if fires:
                spikes.append(Spike.apply(membrane, shown[:, t], float(model.steepness)))
        if fires:
            rows = torch.stack(spikes, 1)
            if layer < len(parameters) - 1:
                loss = loss + activity_penalty * rows.sum(1).square().mean()
    if case.readout == "spiking":
        scores = rows.mean(1)
    else:
        trace = torch.stack(membranes, 1)
        steps = torch.tensor(case.scores().steps)  # torch.max may choose another of equal steps
        scores = trace.gather(1, steps[:, None])[:, 0]
    loss = loss + torch.nn.functional.cross_entropy(scale * scores, torch.tensor(case.labels))
    loss.backward()
    return [(w.grad.numpy(), b.grad.numpy()) for w, b in parameters]


def main():
    import torch
    from random_case import random_case

    arrays = {"torch": np.array(torch.__version__)}
    for setting in SETTINGS:
        gradients = torch_gradients(torch, random_case(**setting, sizes=(4, 9, 17, 3)), **LOSS)
        for layer, (w, b) in enumerate(gradients):
            arrays[f"{setting['seed']}/w{layer}"], arrays[f"{setting['seed']}/b{layer}"] = w, b
    np.savez_compressed(GOLDEN, **arrays)


if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).parents[n]) for n in (0, 3)]
    main()
