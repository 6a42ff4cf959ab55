"""The same training through time in PyTorch: the same network, surrogate, batches and Adam, by autograd on the CPU."""

from __future__ import annotations

from typing import Any

import numpy as np

from host.bench.runs import SEED
from host.bench.through_time import NETWORK, RATE, start_of, through_time_spec
from host.bench.torch_baseline import import_torch
from host.data import Samples
from host.settings import ThroughTimeSpec
from nonideality import stream


class TorchThroughTime:
    """A network that learns some images once, always from the same random weights. Raises HostError without torch."""

    def __init__(self, samples: Samples, settings: ThroughTimeSpec) -> None:
        self._torch = import_torch()
        self._samples = samples
        self._settings = settings
        self._design = through_time_spec()
        self._spike = _triangle(self._torch, settings)
        self.loss = 0.0

    def start(self, threads: int) -> None:
        torch, design = self._torch, self._design
        torch.set_num_threads(threads)
        self._weights = [torch.tensor(each, requires_grad=True) for layer in start_of(design) for each in layer]
        self._decay = torch.full((2,), float(np.exp(-1 / design.tau_steps[0])), requires_grad=True)
        self._threshold = torch.tensor(float(design.thresholds_th[0]), requires_grad=True)
        dynamics = {"params": [self._decay, self._threshold], "lr": self._settings.leak_rate}
        self._adam = torch.optim.Adam([{"params": self._weights}, dynamics], lr=RATE)

    def learn(self) -> None:
        torch, size = self._torch, self._settings.batch
        order = stream("training order", SEED, 0).permutation(len(self._samples))
        for start in range(0, len(order), size):
            index = order[start : start + size]
            values = torch.from_numpy(self._samples.values(index))
            self._adam.zero_grad()
            loss = self._loss(values, torch.from_numpy(self._samples.labels[index]))
            loss.backward()
            self._adam.step()
            with torch.no_grad():
                self._decay.clamp_(0, 1)
                self._threshold.clamp_(min=0.05)
            self.loss = float(loss.detach())

    def _loss(self, values: Any, labels: Any) -> Any:
        torch, design = self._torch, self._design
        hidden_weight, hidden_bias, output_weight, output_bias = self._weights
        current = values @ hidden_weight + hidden_bias
        membrane = spikes = torch.zeros(len(values), NETWORK[1])
        scores = torch.zeros(len(values), NETWORK[2])
        for _ in range(design.steps):
            membrane = self._decay[0] * membrane + current - self._threshold * spikes.detach()
            spikes = self._spike(membrane / self._threshold - 1)
            scores = self._decay[1] * scores + spikes @ output_weight + output_bias
        return torch.nn.functional.cross_entropy(self._settings.scale / design.steps * scores, labels)


def _triangle(torch: Any, settings: ThroughTimeSpec) -> Any:
    height, steepness = settings.height, settings.steepness

    class Spike(torch.autograd.Function):  # type: ignore[misc]
        @staticmethod
        def forward(context: Any, z: Any) -> Any:
            context.save_for_backward(z)
            return (z >= 0).float()

        @staticmethod
        def backward(context: Any, error: Any) -> Any:
            (z,) = context.saved_tensors
            return error * (height * (1 - steepness * z.abs()).clamp(min=0))

    return Spike.apply
