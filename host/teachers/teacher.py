"""The teacher: a trained ANN whose activations, layer by layer, become the chip's target rates."""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.metadata import version
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from chipsim.simd.kernel import cache_root, kernel, rare_stage
from host.data.datasets import Samples
from host.data.shift import Shift
from host.errors import RunFolderError
from host.files import read_arrays, write_arrays
from host.teachers.network import Crossbar, Network, dense_network

Layer = Crossbar  # weights (n_in, n_out), biases (n_out,)
_NORM_SAMPLES = 10_000  # training samples looked at for the activation percentiles
_NORM_IMAGES = 2_000  # where layers see images, which have many values per sample
_NORM_CHUNK = 100
_NORM_VALUES = 200_000  # per channel
_SMALLEST_NORM = 0.1  # of the layer's: a neuron that hardly ever speaks is not amplified beyond all bounds
_CACHE_VERSION = 1

Norm = Literal["layer", "neuron"]

OutputTarget = Literal["label", "softmax", "logits"]
OUTPUT_TARGETS = {
    "label": "1 for the labelled class, 0 for all others",
    "softmax": "the teacher's class probabilities",
    "logits": "the teacher's logits, scaled to rates from 0 to 1",
}


# Inputs (S, n_in) in [0, 1] -> per layer its activations (S, n_out), hidden ones rectified, the last one's logits.
# All in the chip's order. A sample's bits must not depend on who else is in the chunk.
Forward = Callable[[NDArray[np.float32]], list[NDArray[np.float32]]]


@dataclass(frozen=True)
class Teacher:
    """A feed-forward network, whatever computes it, and what its activations mean in spikes.

    A firing rate cannot be negative and a class is decided between the largest logits, so on the chip an output fires
    at (logit - output_low) / y_norm: shifting all logits alike changes no decision.
    """

    network: Network
    forward: Forward
    norms: list[NDArray[np.float32]]  # per layer (columns,), activation that means one spike per step: y_norm of Eq. 4
    output_low: float = 0.0  # logit that means no spike

    @property
    def layers(self) -> list[Layer]:
        """Weights (rows, columns) and biases (columns,) of the layers that have any."""
        return [crossbar for crossbar in self.network.weights if crossbar is not None]

    @property
    def sizes(self) -> tuple[int, ...]:
        return self.network.sizes

    @property
    def macs(self) -> int:
        """Multiply-accumulates that one sample's activations take."""
        return sum(shape.positions * shape.fan_in * shape.columns for shape in self.network.shapes)

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

        Pools have none: they do not learn.
        """
        *hidden, logits = self.activations(values)
        rates: list[NDArray[np.float32] | None] = [
            np.minimum(a / _for_all(norm, a), 1) if shape.learns else None
            for shape, a, norm in zip(self.network.shapes, hidden, self.norms, strict=False)
        ]
        if output_target == "logits":
            return [*rates, np.clip((logits - np.float32(self.output_low)) / self.norms[-1], 0, 1)]
        if output_target == "softmax":
            powers = np.exp(logits - logits.max(axis=1, keepdims=True))
            return [*rates, powers / powers.sum(axis=1, keepdims=True)]
        one_hot = np.zeros_like(logits)
        one_hot[np.arange(len(labels)), labels] = 1
        return [*rates, one_hot]

    def normalised(self) -> list[Layer | None]:
        """Weights and biases for the chip: scaled so that activation y_norm becomes one spike per step."""
        scaled: list[Layer | None] = []
        below = np.ones(self.network.input_shape[0], np.float32)
        low = [0.0] * (len(self.norms) - 1) + [self.output_low]
        for crossbar, y, shift in zip(self.network.weights, self.norms, low, strict=True):
            if crossbar is None:  # a pool's weights are fixed
                scaled.append(None)
            else:
                w, b = crossbar
                x = np.tile(below, len(w) // len(below))
                scaled.append(((w * x[:, None] / y).astype(np.float32), ((b - shift) / y).astype(np.float32)))
            below = y
        return scaled


def _for_all(norm: NDArray[np.float32], activations: NDArray[np.float32]) -> NDArray[np.float32]:
    """y_norm (n_out,) of all neurons from that of the columns, which all positions share."""
    return np.tile(norm, activations.shape[1] // len(norm))


class RectifiedLayers:
    """Computes fully connected layers, summed in a fixed order."""

    def __init__(self, layers: list[Layer]) -> None:
        self._layers = layers

    def __call__(self, values: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        outputs = []
        for number, (weights, bias) in enumerate(self._layers):
            out = np.empty((len(values), len(bias)), np.float32)
            _dense(
                np.ascontiguousarray(values),
                weights,
                bias,
                out,
                np.empty(weights.shape[0], np.int32),
                np.empty(weights.shape[0], np.float32),
            )
            if number < len(self._layers) - 1:
                np.maximum(out, 0, out=out)
            outputs.append(out)
            values = out
        return outputs


@kernel
def _dense(values, weights, bias, out, rows, amplitude):
    """out = values @ weights + bias, skipping zero inputs, summed in the order of the inputs."""
    for s in range(len(values)):
        k = 0
        for i in range(values.shape[1]):
            rows[k] = i
            amplitude[k] = values[s, i]
            k += np.int64(values[s, i] != np.float32(0))
        total = out[s]
        for i in range(len(bias)):
            total[i] = bias[i]
        _add_scaled_rows(total, weights, rows[:k], amplitude[:k])


@rare_stage
def _add_scaled_rows(total, weights, rows, amplitude):
    """total_i += sum of amplitude_k weights[rows_k, i], for any number of columns."""
    for k in range(len(rows)):
        row, x = weights[rows[k]], amplitude[k]
        for i in range(len(total)):
            total[i] += x * row[i]


def scaled_teacher(layers: list[Layer], samples: Samples, norm: Norm, percentile: float) -> Teacher:
    """The teacher of fully connected layers, see `with_norms`."""
    return with_norms(dense_network(layers), RectifiedLayers(layers), samples, norm, percentile)


def with_norms(network: Network, forward: Forward, samples: Samples, norm: Norm, percentile: float) -> Teacher:
    """The teacher with its rate scales, from its activations on training samples.

    y_norm of a hidden layer is the percentile of its positive activations, taken per layer (Yang et al. 2022, Eq. 4)
    or per neuron, in a convolution per channel (Kim et al. 2020, Spiking-YOLO), there at least a tenth of the layer's.
    A pool has that of the layer below. For the outputs, one spike per step stands for that percentile of the largest
    logit, and silence for what the runner-up class hardly ever falls below (the opposite percentile of the second
    largest logit).
    """
    *hidden, logits = _sampled(network, forward, samples)
    norms: list[NDArray[np.float32]] = []
    below = np.ones(network.input_shape[0], np.float32)
    for shape, activation in zip(network.shapes, hidden, strict=False):
        if shape.learns:
            below = _norm(activation.reshape(-1, shape.columns), norm, percentile)
        norms.append(below)
    ranked = np.sort(logits, axis=1)
    low = np.percentile(ranked[:, -2], 100 - percentile)
    high = np.percentile(ranked[:, -1], percentile)
    norms.append(np.full(logits.shape[1], max(high - low, 1e-6), np.float32))
    return Teacher(network, forward, norms, float(low))


def _sampled(network: Network, forward: Forward, samples: Samples) -> list[NDArray[np.float32]]:
    """Activations of each layer on the first training samples; of fewer where a sample has many positions."""
    if network.dense:
        return forward(samples.values(slice(0, _NORM_SAMPLES)))
    kept: list[list[NDArray[np.float32]]] = [[] for _ in network.shapes]
    for start in range(0, min(_NORM_IMAGES, len(samples)), _NORM_CHUNK):
        activations = forward(samples.values(slice(start, min(start + _NORM_CHUNK, _NORM_IMAGES))))
        for shape, chunks, activation in zip(network.shapes, kept, activations, strict=True):
            if start * shape.positions < _NORM_VALUES:
                chunks.append(activation)
    return [np.concatenate(chunks) for chunks in kept]


def _norm(activation: NDArray[np.float32], norm: Norm, percentile: float) -> NDArray[np.float32]:
    """y_norm (columns,) from activations (n, columns)."""
    positive = activation[activation > 0]
    layer = float(np.percentile(positive, percentile)) if len(positive) else 1.0
    each = np.full(activation.shape[1], layer)
    if norm == "neuron":
        own = [float(np.percentile(a[a > 0], percentile)) if np.any(a > 0) else layer for a in activation.T]
        each = np.maximum(own, _SMALLEST_NORM * layer)
    return each.astype(np.float32)


def train_teacher(
    samples: Samples, n_classes: int, hidden: tuple[int, ...], seed: int, epochs: int, shift: Shift | None = None
) -> list[Layer]:
    """scikit-learn's MLP on these samples, on one thread so that its bits do not depend on the machine's load."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier
    from threadpoolctl import threadpool_limits

    network = MLPClassifier(
        hidden, random_state=seed, max_iter=epochs, batch_size=min(len(samples), 64 if len(samples) < 10_000 else 128)
    )
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore", ConvergenceWarning)  # a fixed number of epochs is what was asked for
        # scikit-learn takes Ctrl-C for an early end and only warns; here it must not pass for a trained teacher.
        warnings.filterwarnings("error", message="Training interrupted")
        try:
            if shift is None:
                network.fit(samples.values(slice(None)), samples.labels)
                layers = _layers(network)
            else:
                layers = _fitted_to_moved(network, samples, epochs, shift)
        except UserWarning:
            raise KeyboardInterrupt from None
    return _every_class(layers, network.classes_, n_classes)


def _fitted_to_moved(network: Any, samples: Samples, epochs: int, shift: Shift) -> list[Layer]:
    """Fit the MLP to images that move; the mean of its weights over the second half of the epochs.

    That mean is what a falling learning rate would lead to (Izmailov et al. 2018, UAI, arXiv 1803.05407).
    """
    classes = np.unique(samples.labels)
    averaged = range(epochs // 2, epochs)
    sums: list[Layer] = []
    for epoch in range(epochs):
        network.partial_fit(shift.moved(samples, epoch).values(slice(None)), samples.labels, classes=classes)
        if epoch in averaged:
            now = _layers(network)
            sums = [(w + v, b + c) for (w, b), (v, c) in zip(sums, now, strict=True)] if sums else now
    n = np.float32(len(averaged))
    return [(w / n, b / n) for w, b in sums]


def _layers(network: Any) -> list[Layer]:
    pairs = zip(network.coefs_, network.intercepts_, strict=True)
    return [(w.astype(np.float32), b.astype(np.float32)) for w, b in pairs]


def _every_class(layers: list[Layer], classes: NDArray[np.int64], n_classes: int) -> list[Layer]:
    """One output per class, also for two classes (scikit-learn then has one) and for classes without samples."""
    w, b = layers[-1]
    if len(classes) == 1:
        w, b = np.zeros((len(w), 1), np.float32), np.zeros(1, np.float32)
    if len(classes) == 2:
        w, b = np.hstack([-w, w]), np.concatenate([-b, b])
    full_w, full_b = np.zeros((len(w), n_classes), np.float32), np.full(n_classes, -1, np.float32)
    full_w[:, classes], full_b[classes] = w, b
    return [*layers[:-1], (full_w, full_b)]


def cached_teacher(
    samples: Samples, n_classes: int, hidden: tuple[int, ...], seed: int, epochs: int, shift: Shift | None = None
) -> list[Layer]:
    """`train_teacher`, kept on disk under everything that defines it."""
    recipe = {
        "version": _CACHE_VERSION,
        "sklearn": version("scikit-learn"),  # importing it takes a second
        "numpy": np.__version__,
        "hidden": hidden,
        "seed": seed,
        "epochs": epochs,
        "shift": shift and asdict(shift),
        "classes": n_classes,
        "scale": (samples.low, samples.high),
        "inputs": hashlib.sha256(samples.raw.tobytes()).hexdigest(),
        "labels": hashlib.sha256(samples.labels.tobytes()).hexdigest(),
    }
    name = hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()[:24]
    path = cache_root() / "teachers" / f"{name}.ckpt"
    if path.exists():
        try:
            arrays, _ = read_arrays(path)
            return [(arrays[f"w{i}"], arrays[f"b{i}"]) for i in range(len(hidden) + 1)]
        except (RunFolderError, KeyError):
            pass  # damaged: train again and replace it
    layers = train_teacher(samples, n_classes, hidden, seed, epochs, shift)
    flat = {f"{kind}{i}": array for i, pair in enumerate(layers) for kind, array in zip("wb", pair, strict=True)}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_arrays(path, flat, recipe)
    except OSError:
        pass  # a cache that cannot be written costs time at the next start, nothing else
    return layers
