"""What the bench computes: MNIST, or images like it, on 784-256-10 with 16 steps, weights from a quick teacher."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chipsim import ChipSpec
from host.data import Samples, find_mnist, load
from host.run import resolve
from host.settings import EncodingName, OutputTarget
from host.teachers import Teacher, cached_teacher, scaled_teacher
from nonideality import stream

SAMPLES = 8192  # four chunks, as a stretch between two checks of a run has several
SIDE = 28
CLASSES = 10
_TEACHER_EPOCHS = 10  # enough for activity like a trained network's, in two seconds
_NONZERO = 0.19  # of MNIST's training pixels
_MEAN = 0.13


@dataclass(frozen=True)
class Workload:
    """Samples, the network they are shown to, and how it learns from them."""

    images: str  # where the samples come from, for the record
    samples: Samples
    teacher: Teacher
    spec: ChipSpec
    encoding: EncodingName = "rate"
    output_target: OutputTarget = "logits"
    chunk: int = 512  # samples sent at a time
    learning_rate: float = 1e-3  # in thresholds, the same for all samples


def mnist_workload(data_dir: str | None = None) -> Workload:
    """The first SAMPLES training images of MNIST if its files are found, else synthetic images of the same kind.

    Everything else is as in a run of `chipsim run --dataset mnist` with nothing else said.
    """
    folder, _ = find_mnist(data_dir)
    if folder is not None:
        samples = load("mnist", data_dir).train.subset(np.arange(SAMPLES))
        images = f"MNIST, first {SAMPLES:,} training images"
    else:
        samples = synthetic_images(SAMPLES)
        images = "synthetic strokes with MNIST's statistics (MNIST's files were not found)"
    run = resolve(None, {"dataset": "mnist"})
    layers = cached_teacher(samples, CLASSES, run.hidden, run.seed, _TEACHER_EPOCHS)
    return Workload(
        images=images,
        samples=samples,
        teacher=scaled_teacher(layers, samples, run.teacher.norm, run.teacher.norm_percentile),
        spec=run.design(SIDE * SIDE, CLASSES),
        encoding=run.encoding,
        output_target=run.training.output_target,
        chunk=run.training.chunk,
    )


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
