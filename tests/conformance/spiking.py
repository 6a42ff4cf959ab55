"""What spiking networks of all tools have in common: their inputs, layers that make them spike, how they are kept."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import nir
import numpy as np
import torch
from torch import nn

STEPS, SAMPLES, VECTOR, IMAGE = 24, 8, (20,), (1, 8, 8)


@dataclass(frozen=True)
class Spiking:
    """A network of one tool; `make` gives its graph and its outputs' counts, or last membranes, (S, n)."""

    shape: tuple[int, ...]
    how: dict[str, Any]  # step_s, integration and reset with which it is to be read
    make: Callable[[torch.Tensor], tuple[nir.NIRGraph, torch.Tensor]]  # input spikes (T, S, ...)


def inputs(shape: tuple[int, ...]) -> torch.Tensor:
    torch.manual_seed(3)
    return (torch.rand(STEPS, SAMPLES, *shape) < 0.4).float()


def dense(n_in: int, n_out: int, gain: float) -> nn.Linear:
    layer = nn.Linear(n_in, n_out)
    with torch.no_grad():
        layer.weight.mul_(gain)
        layer.bias.abs_().mul_(0.2)
    return layer


def conv(c_in: int, c_out: int, gain: float, **settings: Any) -> nn.Conv2d:
    layer = nn.Conv2d(c_in, c_out, 3, **settings)
    with torch.no_grad():
        layer.weight.mul_(gain)
    return layer


def how(step_s: float, integration: str, reset: str) -> dict[str, Any]:
    return {"step_s": step_s, "integration": integration, "reset": reset}


def facts(network: Spiking) -> tuple[nir.NIRGraph, dict[str, np.ndarray]]:
    """The graph, and what the file beside it holds."""
    torch.manual_seed(7)
    shown = inputs(network.shape)
    graph, outputs = network.make(shown)
    arrays = {"x": shown.numpy().astype(bool), "y": outputs.reshape(SAMPLES, -1).numpy().astype(np.float32)}
    return graph, arrays | {name: np.asarray(value) for name, value in network.how.items()}
