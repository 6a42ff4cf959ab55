"""Networks of SpikingJelly, which writes only those that are reset to zero."""

from collections.abc import Callable
from functools import partial

import nir
import torch
from spiking import IMAGE, VECTOR, Spiking, conv, dense, how
from spikingjelly.activation_based import functional, neuron
from spikingjelly.activation_based.nir_exchange import export_to_nir
from torch import nn


def _spikingjelly(parts: Callable[[], list[nn.Module]], x: torch.Tensor) -> tuple[nir.NIRGraph, torch.Tensor]:
    module = nn.Sequential(*parts())
    counts = torch.zeros(())
    with torch.no_grad():
        for step in x:
            counts = counts + module(step)
        functional.reset_net(module)
        return export_to_nir(module, x[0][:1], dt=1e-4), counts


NETWORKS = {
    "spikingjelly_conv": Spiking(
        IMAGE,
        how(1e-4, "euler", "zero"),
        partial(
            _spikingjelly,
            lambda: [
                conv(1, 4, 2, padding=1),
                neuron.IFNode(),
                nn.AvgPool2d(2),
                nn.Flatten(),
                dense(64, 6, 4),
                neuron.IFNode(),
            ],
        ),
    ),
    "spikingjelly_lif": Spiking(
        VECTOR,
        how(1e-4, "euler", "zero"),
        partial(
            _spikingjelly,
            lambda: [
                dense(20, 16, 4),
                neuron.LIFNode(tau=3.0, decay_input=False, v_reset=0.0),
                dense(16, 6, 8),
                neuron.LIFNode(tau=3.0, decay_input=True, v_reset=0.0),
            ],
        ),
    ),
}
