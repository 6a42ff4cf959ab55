"""Networks of snnTorch, which takes the threshold off after the leak."""

from collections.abc import Callable
from functools import partial
from typing import Any

import nir
import snntorch as snn
import torch
from snntorch.export_nir import export_to_nir
from spiking import VECTOR, Spiking, dense, how
from torch import nn


def _snntorch(parts: Callable[[], list[nn.Module]], x: torch.Tensor) -> tuple[nir.NIRGraph, torch.Tensor]:
    module = nn.Sequential(*parts())
    counts = torch.zeros(())
    with torch.no_grad():
        for step in x:
            counts = counts + module(step)
        return export_to_nir(module, x[0][:1], ignore_dims=[0]), counts


def _leaky(n: int, beta: float, **settings: Any) -> nn.Module:
    return snn.Leaky(beta=torch.full((n,), beta), threshold=torch.ones(n), init_hidden=True, **settings)


def _synaptic(n: int) -> nn.Module:
    alpha, beta = torch.full((n,), 0.7), torch.full((n,), 0.9)
    return snn.Synaptic(alpha=alpha, beta=beta, threshold=torch.ones(n), init_hidden=True)


NETWORKS = {
    "snntorch_leaky": Spiking(
        VECTOR,
        how(1e-4, "euler", "subtract"),
        partial(_snntorch, lambda: [dense(20, 16, 3), _leaky(16, 0.9), dense(16, 6, 3), _leaky(6, 0.9)]),
    ),
    "snntorch_leaky_zero": Spiking(
        VECTOR,
        how(1e-4, "euler", "zero"),
        partial(
            _snntorch,
            lambda: [
                dense(20, 16, 3),
                _leaky(16, 0.9, reset_mechanism="zero"),
                dense(16, 6, 3),
                _leaky(6, 0.8, reset_mechanism="zero"),
            ],
        ),
    ),
    "snntorch_beta_1": Spiking(
        VECTOR,
        how(1e-4, "euler", "subtract"),
        partial(_snntorch, lambda: [dense(20, 16, 3), _leaky(16, 1.0), dense(16, 6, 3), _leaky(6, 1.0)]),
    ),
    "snntorch_synaptic": Spiking(
        VECTOR,
        how(1e-4, "euler", "subtract"),
        partial(_snntorch, lambda: [dense(20, 16, 0.7), _synaptic(16), dense(16, 6, 0.7), _synaptic(6)]),
    ),
}
