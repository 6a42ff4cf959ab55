"""Networks of sinabs, which takes the threshold off before the leak; told to fire once a step at most."""

from collections.abc import Callable
from functools import partial

import nir
import sinabs.activation as sina
import sinabs.layers as sl
import sinabs.nir
import torch
from spiking import IMAGE, SAMPLES, STEPS, VECTOR, Spiking, conv, dense, how
from torch import nn


def _sinabs(parts: Callable[[], list[nn.Module]], x: torch.Tensor) -> tuple[nir.NIRGraph, torch.Tensor]:
    """Layers that squeeze take (batch and time in one axis, ...)."""
    module = nn.Sequential(*parts())
    squeezed = any("Squeeze" in type(part).__name__ for part in module)
    shown = x.transpose(0, 1)
    with torch.no_grad():
        out = module(shown.reshape(-1, *shown.shape[2:])).reshape(SAMPLES, STEPS, -1) if squeezed else module(shown)
        total = out[:, -1] if isinstance(module[-1], sl.ExpLeak) else out.sum(1)
        sample = shown.reshape(-1, *shown.shape[2:]) if squeezed else shown
        graph = sinabs.nir.to_nir(module, sample)
    if squeezed:
        graph.infer_types()  # images have their shapes from nodes before them
    return graph, total


_SINGLE = {"spike_fn": sina.SingleSpike}
_NORMED = {"tau_mem": 10.0, "norm_input": True}

NETWORKS = {
    "sinabs_iaf_single": Spiking(
        VECTOR,
        how(1.0, "euler", "subtract"),
        partial(_sinabs, lambda: [dense(20, 16, 3), sl.IAF(**_SINGLE), dense(16, 6, 3), sl.IAF(**_SINGLE)]),
    ),
    "sinabs_lif_single": Spiking(
        VECTOR,
        how(1.0, "exponential", "subtract-before-leak"),
        partial(
            _sinabs,
            lambda: [dense(20, 16, 25), sl.LIF(**_NORMED, **_SINGLE), dense(16, 6, 30), sl.LIF(**_NORMED, **_SINGLE)],
        ),
    ),
    "sinabs_exp_leak_at_the_end": Spiking(
        VECTOR,
        how(1.0, "exponential", "subtract-before-leak"),
        partial(
            _sinabs,
            lambda: [dense(20, 16, 25), sl.LIF(**_NORMED, **_SINGLE), dense(16, 6, 30), sl.ExpLeak(**_NORMED)],
        ),
    ),
    "sinabs_conv_sum_pool": Spiking(
        IMAGE,
        how(1.0, "euler", "subtract"),
        partial(
            _sinabs,
            lambda: [
                conv(1, 4, 3, padding=1),
                sl.IAFSqueeze(batch_size=SAMPLES, **_SINGLE),
                sl.SumPool2d(2, 2),
                conv(4, 6, 1),
                sl.IAFSqueeze(batch_size=SAMPLES, **_SINGLE),
                nn.Flatten(),
                dense(24, 6, 4),
                sl.IAFSqueeze(batch_size=SAMPLES, **_SINGLE),
            ],
        ),
    ),
}
