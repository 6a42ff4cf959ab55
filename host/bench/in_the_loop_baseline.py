"""The same training in PyTorch, which simulates the network itself and lets autograd go back through time.

Only this file and `host.bench.torch_baseline` need torch. Dense matrices on the CPU; weights stay float, no die's
errors.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from host.bench.brainscales2 import NETWORK, STEPS, TAU_STEPS, brainscales2_spec
from host.bench.runs import SEED
from host.bench.torch_baseline import import_torch
from host.data import Encoder, Samples
from host.gradients.in_the_loop import Batch, batches, gaussian_weights
from host.settings import LoopSpec

PROGRAM = "PyTorch autograd"
_RATE = 1.5e-3


class TorchLoop:
    """A network that learns some images once, always from the same random weights. Raises HostError without torch."""

    def __init__(self, samples: Samples, settings: LoopSpec) -> None:
        self._torch = import_torch()
        self._samples = samples
        self._settings = settings
        self._encoder = Encoder("log-latency", NETWORK[0], STEPS, settings.batch, SEED)
        self._spike = _surrogate(self._torch, settings.steepness)
        self._decay = float(np.exp(-1 / TAU_STEPS))

    def start(self, threads: int) -> None:
        torch = self._torch
        torch.set_num_threads(threads)
        layers = gaussian_weights(NETWORK, brainscales2_spec().neuron, SEED)
        self._weights = [torch.tensor(w, requires_grad=True) for w, _ in layers]
        self._adam = torch.optim.Adam(self._weights, lr=_RATE)

    def learn(self) -> None:
        n = len(self._samples)
        for batch in batches(self._samples, self._encoder, SEED, 0, n, self._settings.batch):
            self._adam.zero_grad()
            self._loss(batch).backward()
            self._adam.step()

    def _loss(self, batch: Batch) -> Any:
        torch, loss = self._torch, self._settings.loss
        hidden_weight, output_weight = self._weights
        spikes = self._hidden(_dense(torch, batch) @ hidden_weight)
        scores = self._readout(spikes @ output_weight)
        entropy = torch.nn.functional.cross_entropy(loss.scale * scores, torch.from_numpy(batch.labels))
        activity = loss.activity_penalty * spikes.sum(0).square().mean()
        return entropy + activity + loss.weight_penalty * hidden_weight.square().mean()

    def _hidden(self, drive: Any) -> Any:
        """Spikes of currents, both (T, B, n)."""
        torch = self._torch
        current = membrane = spiked = torch.zeros_like(drive[0])
        spikes = []
        for step in drive:
            current = self._decay * current + step
            membrane = self._decay * membrane + current - spiked.detach()
            spiked = self._spike(membrane)
            spikes.append(spiked)
        return torch.stack(spikes)

    def _readout(self, drive: Any) -> Any:
        """The highest membranes (B, n) of currents (T, B, n)."""
        torch = self._torch
        current = membrane = torch.zeros_like(drive[0])
        membranes = []
        for step in drive:
            current = self._decay * current + step
            membrane = self._decay * membrane + current
            membranes.append(membrane)
        return torch.stack(membranes).amax(0)


def _surrogate(torch: Any, steepness: float) -> Any:
    class Spike(torch.autograd.Function):  # type: ignore[misc]
        @staticmethod
        def forward(context: Any, membrane: Any) -> Any:
            context.save_for_backward(membrane)
            return (membrane >= 1).float()

        @staticmethod
        def backward(context: Any, slope: Any) -> Any:
            (membrane,) = context.saved_tensors
            return slope / (steepness * (membrane - 1).abs() + 1) ** 2

    return Spike.apply


def _dense(torch: Any, batch: Batch) -> Any:
    """The batch's events as (T, B, n_in) ones and zeros."""
    events = batch.events
    n = len(events.begin)
    spikes = np.zeros((STEPS, n, NETWORK[0]), np.float32)
    counts = events.end - events.begin
    steps = np.tile(np.arange(STEPS), n)
    samples = np.repeat(np.arange(n), counts.sum(axis=1))
    used = np.arange(events.rows.shape[1]) < events.end[:, -1:]
    spikes[np.repeat(steps, counts.ravel()), samples, events.rows[used]] = 1
    return torch.from_numpy(spikes)
