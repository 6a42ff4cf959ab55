"""The teacher: a trained ANN whose activations, layer by layer, become the chip's target rates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chipsim.design import short_repr
from host.data import Samples
from host.errors import TeacherError
from host.settings import Norm, OutputTarget
from host.teachers.fidelity import Fidelity
from host.teachers.network import Layer, Network

_SCALE_SAMPLES = 10_000  # training samples looked at for the activation percentiles
_SCALE_IMAGES = 2_000  # where layers see images, which have many values per sample
_SCALE_CHUNK = 100
_SCALE_VALUES = 200_000  # per channel
_SMALLEST_SCALE = 0.1  # of the layer's: a neuron that hardly ever speaks is not amplified beyond all bounds


# Inputs (S, n_in) in [0, 1] -> per layer its activations (S, n_out), hidden ones rectified, the last one's logits.
# All in the chip's order. A sample's bits must not depend on who else is in the chunk.
Forward = Callable[[NDArray[np.float32]], list[NDArray[np.float32]]]


@dataclass(frozen=True)
class Teacher:
    """A feed-forward network, whatever computes it, and what its activations mean in spikes.

    A firing rate cannot be negative and a class is decided between the largest logits, so on the chip an output fires
    at (logit - output_low) / y_norm: shifting all logits alike changes no decision.
    """

    __repr__ = short_repr

    network: Network
    forward: Forward
    activation_scales: list[
        NDArray[np.float32]
    ]  # per layer (columns,), activation that means one spike per step: y_norm of Eq. 4
    output_low: float = 0.0  # logit that means no spike
    fidelity: Fidelity | None = None  # to the file that it was read from
    spikes: bool = False  # whether its activations are spike rates already
    window_rates: Forward | None = None  # of sequences: target rates of each layer in each window, (S, L, n_out)

    @property
    def layers(self) -> list[Layer]:
        """Weights (rows, columns) and biases (columns,) of the layers that have any."""
        return [crossbar for crossbar in self.network.weights if crossbar is not None]

    @property
    def sizes(self) -> tuple[int, ...]:
        return self.network.sizes

    @property
    def macs_per_sample(self) -> int:
        """Multiply-accumulates that one sample's activations take."""
        return self.network.macs

    def activations(self, values: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        """Activations (S, n_out) of each layer for inputs (S, n_in) in [0, 1]; hidden ones rectified, logits not."""
        return self.forward(values)

    def accuracy(self, samples: Samples) -> float:
        hits = 0
        for start in range(0, len(samples), 1024):
            index = slice(start, start + 1024)
            logits = self.activations(samples.values(index))[-1]
            hits += int(np.sum(np.argmax(logits, axis=1) == samples.labels[index]))
        return hits / len(samples)

    def targets(
        self, values: NDArray[np.float32], labels: NDArray[np.int64], output_target: OutputTarget
    ) -> list[NDArray[np.float32] | None]:
        """Target rates in spikes per step: min(A / y_norm, 1) for hidden layers; for outputs as OUTPUT_TARGETS says.

        Pools have none: they do not learn. Of sequences there are rates for each window, (S, L, n_out).
        """
        if self.window_rates is not None:
            return self._targets_in_windows(self.window_rates(values), values, labels, output_target)
        *hidden, logits = self.activations(values)
        rates: list[NDArray[np.float32] | None] = [
            np.minimum(a / _for_all(norm, a), 1) if shape.learns else None
            for shape, a, norm in zip(self.network.shapes, hidden, self.activation_scales, strict=False)
        ]
        if output_target == "logits":
            return [*rates, np.clip((logits - np.float32(self.output_low)) / self.activation_scales[-1], 0, 1)]
        return [*rates, _told(logits, labels, output_target)]

    def _targets_in_windows(
        self,
        rates: list[NDArray[np.float32]],
        values: NDArray[np.float32],
        labels: NDArray[np.int64],
        output_target: OutputTarget,
    ) -> list[NDArray[np.float32] | None]:
        """Other targets of outputs than rates are the same in all windows."""
        *hidden, outputs = (np.clip(each, 0, 1) for each in rates)
        if output_target == "logits":
            return [*hidden, outputs]
        told = _told(self.activations(values)[-1], labels, output_target)
        return [*hidden, np.repeat(told[:, None], outputs.shape[1], axis=1)]

    def normalised(self) -> list[Layer | None]:
        """Weights and biases for the chip: scaled so that activation y_norm becomes one spike per step."""
        scaled: list[Layer | None] = []
        below = np.ones(self.network.input_shape[0], np.float32)
        low = [0.0] * (len(self.activation_scales) - 1) + [self.output_low]
        for crossbar, y, shift in zip(self.network.weights, self.activation_scales, low, strict=True):
            if crossbar is None:  # a pool's weights are fixed
                scaled.append(None)
            else:
                w, b = crossbar
                x = np.tile(below, len(w) // len(below))
                scaled.append(((w * x[:, None] / y).astype(np.float32), ((b - shift) / y).astype(np.float32)))
            below = y
        return scaled


def _told(logits: NDArray[np.float32], labels: NDArray[np.int64], output_target: OutputTarget) -> NDArray[np.float32]:
    """What outputs are to do by "softmax" or "label"."""
    if output_target == "softmax":
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        softmax: NDArray[np.float32] = powers / powers.sum(axis=1, keepdims=True)
        return softmax
    one_hot = np.zeros_like(logits)
    one_hot[np.arange(len(labels)), labels] = 1
    return one_hot


def _for_all(norm: NDArray[np.float32], activations: NDArray[np.float32]) -> NDArray[np.float32]:
    """y_norm (n_out,) of all neurons from that of the columns, which all positions share."""
    return np.tile(norm, activations.shape[1] // len(norm))


def with_activation_scales(
    network: Network, forward: Forward, samples: Samples, norm: Norm, percentile: float
) -> Teacher:
    """The teacher with its activation scales, from its activations on training samples.

    y_norm of a hidden layer is the percentile of its positive activations, taken per layer (Yang et al. 2022, Eq. 4)
    or per neuron, in a convolution per channel (Kim et al. 2020, Spiking-YOLO), there at least a tenth of the layer's.
    A pool has that of the layer below. For the outputs, one spike per step stands for that percentile of the largest
    logit, and silence for what the runner-up class hardly ever falls below (the opposite percentile of the second
    largest logit). Raises TeacherError, naming the layer, if activations or weights are beyond 32-bit floats.
    """
    *hidden, logits = _sampled(network, forward, samples)
    for number, activation in enumerate((*hidden, logits), start=1):
        if not np.isfinite(activation).all():
            raise TeacherError(f"layer {number}: {_TOO_LARGE.format('activations')}")
    activation_scales: list[NDArray[np.float32]] = []
    below = np.ones(network.input_shape[0], np.float32)
    for shape, activation in zip(network.shapes, hidden, strict=False):
        if shape.learns:
            below = _activation_scale(activation.reshape(-1, shape.columns), norm, percentile)
        activation_scales.append(below)
    low, scale = output_range(logits, percentile)
    activation_scales.append(scale)
    teacher = Teacher(network, forward, activation_scales, low)
    with np.errstate(all="ignore"):
        for number, crossbar in enumerate(teacher.normalised(), start=1):
            if crossbar is not None and not np.isfinite(np.abs(crossbar[0]).sum(0) + np.abs(crossbar[1])).all():
                raise TeacherError(f"layer {number}: {_TOO_LARGE.format('weights, scaled for a chip,')}")
    return teacher


def output_range(logits: NDArray[np.float32], percentile: float) -> tuple[float, NDArray[np.float32]]:
    """The logit that means no spike, and y_norm (n_out,) of the outputs, from logits (n, n_out)."""
    ranked = np.sort(logits, axis=1)
    low = np.percentile(ranked[:, -2], 100 - percentile)
    high = np.percentile(ranked[:, -1], percentile)
    return float(low), np.full(logits.shape[1], max(high - low, 1e-6), np.float32)


_TOO_LARGE = "its {} are not all finite 32-bit floats: scale the network down, or train it again"


def _sampled(network: Network, forward: Forward, samples: Samples) -> list[NDArray[np.float32]]:
    """Activations of each layer on the first training samples; of fewer where a sample has many positions."""
    if network.dense:
        return forward(samples.values(slice(0, _SCALE_SAMPLES)))
    kept: list[list[NDArray[np.float32]]] = [[] for _ in network.shapes]
    for start in range(0, min(_SCALE_IMAGES, len(samples)), _SCALE_CHUNK):
        activations = forward(samples.values(slice(start, min(start + _SCALE_CHUNK, _SCALE_IMAGES))))
        for shape, chunks, activation in zip(network.shapes, kept, activations, strict=True):
            if start * shape.positions < _SCALE_VALUES:
                chunks.append(activation)
    return [np.concatenate(chunks) for chunks in kept]


def _activation_scale(activation: NDArray[np.float32], norm: Norm, percentile: float) -> NDArray[np.float32]:
    """y_norm (columns,) from activations (n, columns)."""
    positive = activation[activation > 0]
    layer = float(np.percentile(positive, percentile)) if len(positive) else 1.0
    each = np.full(activation.shape[1], layer)
    if norm == "neuron":
        own = [float(np.percentile(a[a > 0], percentile)) if np.any(a > 0) else layer for a in activation.T]
        each = np.maximum(own, _SMALLEST_SCALE * layer)
    return each.astype(np.float32)
