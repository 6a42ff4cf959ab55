"""What the bench computes: MNIST, or images like it, on 784-256-10 with 16 steps, weights from a small teacher."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chipsim import ChipSpec
from host.data import Samples, find_mnist, load
from host.encoders import Encoding
from host.teacher import Teacher, cached_teacher, percentile_norms
from nonideality.streams import stream

SAMPLES = 2048
SIDE = 28
CLASSES = 10
HIDDEN = 256
_TEACHER_EPOCHS = 10  # enough for activity like a trained network's, in two seconds
_NORM_PERCENTILE = 99.0
_NONZERO = 0.19  # of MNIST's training pixels
_MEAN = 0.13


@dataclass(frozen=True)
class Workload:
    """Samples, the network they are shown to, and how it learns from them."""

    images: str  # where the samples come from, for the record
    samples: Samples
    teacher: Teacher
    spec: ChipSpec
    encoding: Encoding = "rate"
    chunk: int = 512  # samples sent at a time, as a run's default
    learning_rate: float = 1e-3  # in thresholds

    def targets(self, values: NDArray[np.float32], index: slice) -> list[NDArray[np.float32]]:
        """Target rates per layer for samples `index`, whose values are at hand already."""
        return self.teacher.targets(values, self.samples.labels[index])


def mnist_workload(data_dir: str | None = None) -> Workload:
    """The first SAMPLES training images of MNIST if its files are found, else synthetic images of the same kind."""
    folder, _ = find_mnist(data_dir)
    if folder is not None:
        samples = load("mnist", data_dir).train.subset(np.arange(SAMPLES))
        images = f"MNIST, first {SAMPLES:,} training images"
    else:
        samples = synthetic_images(SAMPLES)
        images = "synthetic strokes with MNIST's statistics (MNIST's files were not found)"
    layers = cached_teacher(samples, CLASSES, (HIDDEN,), 1, _TEACHER_EPOCHS)
    teacher = Teacher(layers, percentile_norms(layers, samples, _NORM_PERCENTILE))
    spec = ChipSpec(layer_sizes=(SIDE * SIDE, HIDDEN, CLASSES), steps=16)
    return Workload(images, samples, teacher, spec)


def synthetic_images(n: int) -> Samples:
    """n images (28 x 28, bytes) of one stroke each, with MNIST's mean and share of nonzero pixels.

    Every class has a stroke of its own, a smooth closed curve; its images differ in place, size and wobble.
    """
    rng = stream("bench images")
    labels = np.arange(n) % CLASSES
    shape = rng.normal(size=(CLASSES, 2, 2, 2)) / np.array([1, 1.5])  # axis, sine or cosine, first two harmonics
    phase = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    waves = np.array([[np.sin(phase), np.sin(2 * phase)], [np.cos(phase), np.cos(2 * phase)]])  # (2, 2, points)
    wobble = shape[labels] + 0.15 * rng.normal(size=(n, 2, 2, 2))
    size = rng.normal(4.5, 0.3, (n, 1, 1))
    place = (SIDE - 1) / 2 + rng.normal(0, 1, (n, 2, 1))
    points = place + size * np.einsum("naij,ijp->nap", wobble, waves)  # (n, axis, points)
    y, x = np.mgrid[0:SIDE, 0:SIDE]
    distance = np.full((n, SIDE, SIDE), np.inf)
    for p in range(len(phase)):
        square = (y - points[:, 0, p, None, None]) ** 2 + (x - points[:, 1, p, None, None]) ** 2
        np.minimum(distance, square, out=distance)
    edge = np.sqrt(np.quantile(distance, _NONZERO))  # beyond it a pixel is black
    depth = np.clip(edge - np.sqrt(distance), 0, None)
    values = _with_mean(depth / edge, _MEAN)
    return Samples(np.rint(255 * values).astype(np.uint8).reshape(n, -1), labels.astype(np.int64), 0, 255)


def _with_mean(values: NDArray[np.float64], mean: float) -> NDArray[np.float64]:
    """Contrast raised until the mean is as wanted: min(c x, 1), c by bisection."""
    low, high = 1.0, 100.0
    for _ in range(30):
        middle = (low + high) / 2
        low, high = (middle, high) if np.minimum(middle * values, 1).mean() < mean else (low, middle)
    return np.minimum(high * values, 1)
