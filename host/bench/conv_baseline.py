"""The same online LTL of a convolutional network in PyTorch, on the CPU, to compare the chip simulator with.

Integrate-and-fire neurons with subtractive reset, the linear error gate, analog weights, no noise: what the bench's
chip is. All positions of a step write at once here; on the chip they write in turn.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from chipsim.design import LayerShape, to_image
from host.bench.conv_workload import ConvWorkload
from host.bench.timing import TimedTask, time_in_turns
from host.bench.torch_baseline import import_torch

_BATCHES = (1, 4, 16, 32)
_REPEATS = 3


def measure_conv_torch(
    workload: ConvWorkload, threads: Sequence[int], progress: Callable[[int, int, str], None]
) -> list[tuple[str, int, float, int, float]]:
    """For each thread count: version, threads, images/s at batch 1, best batch, images/s at that."""
    torch = import_torch()
    batches = [batch for batch in _BATCHES if batch <= len(workload.images)]
    networks = {batch: _Network(torch, workload, batch) for batch in batches}
    tasks = [
        TimedTask(_name(batch, n), partial(networks[batch].learn, n), networks[batch].program)
        for n in threads
        for batch in batches
    ]
    before = torch.get_num_threads()
    try:
        with torch.inference_mode():
            timings = time_in_turns(tasks, _REPEATS, 0.1, lambda text: progress(0, 1, text))
    finally:
        torch.set_num_threads(before)
    figures = []
    for n in threads:
        speeds = {batch: batch / min(timings[_name(batch, n)].seconds) for batch in batches}
        best = max(batches, key=lambda batch: speeds[batch])
        figures.append((torch.__version__, n, speeds[1], best, speeds[best]))
    return figures


class _Network:
    """All layers, one batch of images."""

    def __init__(self, torch: Any, workload: ConvWorkload, batch: int) -> None:
        self._torch = torch
        self._workload = workload
        self._shapes = workload.spec.shapes
        tensor = torch.from_numpy
        self._images = tensor(to_image(workload.images[:batch], self._shapes[0].input))
        self._targets = [
            tensor(to_image(target[:batch], shape.output))
            for target, shape in zip(workload.targets, self._shapes, strict=True)
        ]
        self._rates = (workload.rates / batch).tolist()
        self.program()

    def program(self) -> None:
        """Fresh weights, every layer as a convolution: (channels out, channels in, height, width)."""
        self._weights = []
        for (weight, bias), shape in zip(self._workload.weights, self._shapes, strict=True):
            height, width = shape.kernel
            kernels = weight.reshape(height, width, shape.input[0], shape.columns).transpose(3, 2, 0, 1)
            self._weights.append(tuple(self._torch.from_numpy(np.array(a, order="C")) for a in (kernels, bias)))

    def learn(self, threads: int) -> None:
        torch, spec = self._torch, self._workload.spec
        torch.set_num_threads(threads)
        states = [[torch.zeros_like(target) for _ in range(3)] for target in self._targets]
        for t in range(spec.steps):
            rows = self._images
            for layer, shape in enumerate(self._shapes):
                rows = self._cycle(t, rows, layer, shape, states[layer])

    def _cycle(self, t: int, rows: Any, layer: int, shape: LayerShape, state: list[Any]) -> Any:
        """Step t of one layer, in place. Returns its spikes."""
        torch, neuron, circuit = self._torch, self._workload.spec.neuron, self._workload.spec.learning_circuit
        weight, bias = self._weights[layer]
        if shape.dense:  # neurons are numbered channels last
            rows = rows.permute(0, 2, 3, 1).reshape(len(rows), -1, 1, 1)
        stride, padding = shape.stride, shape.padding[:2]
        membrane, spiked, count = state
        membrane += torch.nn.functional.conv2d(rows, weight, bias, stride, padding)
        membrane -= spiked
        membrane.clamp_(neuron.low_rail_th, neuron.high_rail_th)
        torch.ge(membrane, 1, out=spiked)
        count += spiked
        if t >= circuit.warm_up_steps:
            pulse = torch.add(-count, self._targets[layer], alpha=t + 1)
            pulse *= (pulse.abs() > circuit.dead_zone_counts) & ((membrane - 1).abs() < circuit.boxcar_width_th / 2)
            pulse *= self._rates[layer] / (t + 1)
            weight += torch.nn.grad.conv2d_weight(rows, weight.shape, pulse, stride, padding)
            bias += pulse.sum((0, 2, 3))
        return spiked


def _name(batch: int, threads: int) -> str:
    return f"PyTorch, batch {batch}, {threads} threads"
