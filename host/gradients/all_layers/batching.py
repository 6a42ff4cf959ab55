"""The training samples as they are shown: shuffled anew for every epoch, encoded, a batch at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chipsim import Events
from host.data import Augmentation, Encoder, Rotation, Samples
from host.training import spans
from nonideality import stream


@dataclass(frozen=True)
class Batch:
    events: Events
    windows: NDArray[np.int64]  # (S,) numbers of the presentations since the first
    labels: NDArray[np.int64]  # (S,)


def batches(
    samples: Samples,
    encoder: Encoder,
    seed: int,
    start: int,
    stop: int,
    size: int,
    rotation: Rotation | None = None,
    augmentation: Augmentation = Augmentation(),  # noqa: B008  # frozen
) -> Iterator[Batch]:
    """Presentations start .. stop - 1 in batches that do not cross an epoch's end. encoder: of at least `size`."""
    epoch, order = -1, np.zeros(0, np.int64)
    for first, last in spans(start, stop, size, len(samples)):
        if first // len(samples) != epoch:
            epoch = first // len(samples)
            order = stream("training order", seed, epoch).permutation(len(samples))
        windows = np.arange(first, last, dtype=np.int64)
        index = order[windows % len(samples)]
        values = augmentation.values(samples, index, windows)
        if rotation is not None:
            values = rotation.turned(values, first)
        yield Batch(encoder.encode(values, windows), windows, samples.labels[index])
