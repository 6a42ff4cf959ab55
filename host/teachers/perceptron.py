"""Teachers trained here: fully connected rectified layers, by scikit-learn."""

from __future__ import annotations

import hashlib
import json
import warnings
from dataclasses import asdict
from importlib.metadata import version
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chipsim.simd import cache_root, kernel, outlined
from host.data import Samples, Shift
from host.errors import RunFolderError
from host.files import read_arrays, write_arrays
from host.settings import Norm
from host.teachers.network import Layer, dense_network
from host.teachers.teacher import Teacher, with_activation_scales

_CACHE_VERSION = 1


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


@outlined
def _add_scaled_rows(total, weights, rows, amplitude):
    """total_i += sum of amplitude_k weights[rows_k, i], for any number of columns."""
    for k in range(len(rows)):
        row, x = weights[rows[k]], amplitude[k]
        for i in range(len(total)):
            total[i] += x * row[i]


def scaled_teacher(layers: list[Layer], samples: Samples, norm: Norm, percentile: float) -> Teacher:
    """The teacher of fully connected layers, see `with_activation_scales`."""
    return with_activation_scales(dense_network(layers), RectifiedLayers(layers), samples, norm, percentile)


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


def _fact(end: float | NDArray[np.float64]) -> float | str:
    """One end of the range of stored values, for a recipe."""
    return hashlib.sha256(end.tobytes()).hexdigest() if isinstance(end, np.ndarray) else end


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
        "scale": [_fact(end) for end in (samples.low, samples.high)],
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
