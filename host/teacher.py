"""The teacher: a trained ANN whose activations, layer by layer, become the chip's target rates."""

from __future__ import annotations

import hashlib
import json
import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chipsim.crossbar import add_graded_rows
from chipsim.jit import cache_root, kernel
from host.data import Samples
from host.files import read_arrays, write_arrays
from host.errors import RunFolderError

Layer = tuple[NDArray[np.float32], NDArray[np.float32]]  # weights (n_in, n_out), biases (n_out,)
_NORM_SAMPLES = 10_000  # training samples looked at for the activation percentiles
_CACHE_VERSION = 1


@dataclass(frozen=True)
class Teacher:
    """A feed-forward network of rectified linear layers; the last layer's outputs are logits."""

    layers: list[Layer]
    norms: NDArray[np.float32]  # (n_layers,) y_norm of Eq. 4: a percentile of each layer's positive activations

    @property
    def sizes(self) -> tuple[int, ...]:
        return (len(self.layers[0][0]), *(len(bias) for _, bias in self.layers))

    def activations(self, values: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        """Activations (S, n_out) of each layer for inputs (S, n_in) in [0, 1]; hidden ones rectified, logits not.

        Summed in a fixed order, so that a sample's targets do not depend on who else is in the chunk.
        """
        outputs = []
        for number, (weights, bias) in enumerate(self.layers):
            out = np.empty((len(values), len(bias)), np.float32)
            _dense(np.ascontiguousarray(values), weights, bias, out, np.empty(weights.shape[0], np.int32),
                   np.empty(weights.shape[0], np.float32))
            if number < len(self.layers) - 1:
                np.maximum(out, 0, out=out)
            outputs.append(out)
            values = out
        return outputs

    def accuracy(self, samples: Samples) -> float:
        hits = 0
        for start in range(0, len(samples), 1024):
            index = slice(start, start + 1024)
            logits = self.activations(samples.values(index))[-1]
            hits += int(np.sum(np.argmax(logits, axis=1) == samples.labels[index]))
        return hits / len(samples)

    def targets(self, values: NDArray[np.float32], labels: NDArray[np.int64]) -> list[NDArray[np.float32]]:
        """Target rates in spikes per step: min(A / y_norm, 1) for hidden layers, the one-hot label for the last."""
        activations = self.activations(values)
        rates = [np.minimum(a / norm, 1) for a, norm in zip(activations[:-1], self.norms[:-1], strict=True)]
        one_hot = np.zeros_like(activations[-1])
        one_hot[np.arange(len(labels)), labels] = 1
        return [*rates, one_hot]

    def normalised(self) -> list[Layer]:
        """Weights and biases for the chip: scaled so that activation y_norm becomes one spike per step."""
        below = np.concatenate([[np.float32(1)], self.norms[:-1]])
        return [
            ((w * (x / y)).astype(np.float32), (b / y).astype(np.float32))
            for (w, b), x, y in zip(self.layers, below, self.norms, strict=True)
        ]


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
        add_graded_rows(total, weights, rows[:k], amplitude[:k], 0, len(bias))


def percentile_norms(layers: list[Layer], samples: Samples, percentile: float) -> NDArray[np.float32]:
    """y_norm per layer: the percentile of its positive activations over training samples (1 if none is positive)."""
    bare = Teacher(layers, np.ones(len(layers), np.float32))
    norms = []
    for activation in bare.activations(samples.values(slice(0, _NORM_SAMPLES))):
        positive = activation[activation > 0]
        norms.append(np.percentile(positive, percentile) if len(positive) else 1.0)
    return np.array(norms, np.float32)


def train_teacher(samples: Samples, n_classes: int, hidden: tuple[int, ...], seed: int, epochs: int) -> list[Layer]:
    """scikit-learn's MLP on these samples, on one thread so that its bits do not depend on the machine's load."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier
    from threadpoolctl import threadpool_limits

    network = MLPClassifier(
        hidden, random_state=seed, max_iter=epochs, batch_size=min(len(samples), 64 if len(samples) < 10_000 else 128)
    )
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore", ConvergenceWarning)  # a fixed number of epochs is what was asked for
        network.fit(samples.values(slice(None)), samples.labels)
    layers = [(w.astype(np.float32), b.astype(np.float32)) for w, b in zip(network.coefs_, network.intercepts_, strict=True)]
    return _every_class(layers, network.classes_, n_classes)


def _every_class(layers: list[Layer], classes: NDArray[np.int64], n_classes: int) -> list[Layer]:
    """One output per class, also for two classes (scikit-learn then has one) and for classes without samples."""
    w, b = layers[-1]
    if len(classes) == 2:
        w, b = np.hstack([-w, w]), np.concatenate([-b, b])
    full_w, full_b = np.zeros((len(w), n_classes), np.float32), np.full(n_classes, -1, np.float32)
    full_w[:, classes], full_b[classes] = w, b
    return [*layers[:-1], (full_w, full_b)]


def cached_teacher(samples: Samples, n_classes: int, hidden: tuple[int, ...], seed: int, epochs: int) -> list[Layer]:
    """`train_teacher`, kept on disk under everything that defines it."""
    import sklearn

    recipe = {
        "version": _CACHE_VERSION,
        "sklearn": sklearn.__version__,
        "numpy": np.__version__,
        "hidden": hidden,
        "seed": seed,
        "epochs": epochs,
        "classes": n_classes,
        "scale": (samples.low, samples.high),
        "inputs": hashlib.sha256(np.ascontiguousarray(samples.raw)).hexdigest(),
        "labels": hashlib.sha256(np.ascontiguousarray(samples.labels)).hexdigest(),
    }
    name = hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()[:24]
    path = cache_root() / "teachers" / f"{name}.ckpt"
    if path.exists():
        try:
            arrays, _ = read_arrays(path)
            return [(arrays[f"w{i}"], arrays[f"b{i}"]) for i in range(len(hidden) + 1)]  # type: ignore[misc]
        except (RunFolderError, KeyError):
            pass  # damaged: train again and replace it
    layers = train_teacher(samples, n_classes, hidden, seed, epochs)
    flat = {f"{kind}{i}": array for i, pair in enumerate(layers) for kind, array in zip("wb", pair, strict=True)}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_arrays(path, flat, recipe)
    except OSError:
        pass  # a cache that cannot be written costs time at the next start, nothing else
    return layers
