"""Samples as they were stored, and how to scale them to [0, 1]."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Samples:
    """Inputs as they were stored, and how to scale them; labels (n,) int64."""

    raw: NDArray[np.generic]  # (n, n_in)
    labels: NDArray[np.int64]
    low: float  # the stored value that means 0
    high: float  # the stored value that means 1

    def __len__(self) -> int:
        return len(self.labels)

    def values(self, index: NDArray[np.int64] | slice) -> NDArray[np.float32]:
        """Inputs (S, n_in) float32 in [0, 1]; what lies outside the training data's range is clipped."""
        stored = self.raw[index]
        # Small whole numbers are exact in float32; others keep their differences only in float64.
        small = stored.dtype.kind in "uib" and stored.dtype.itemsize <= 2
        exact: NDArray[Any] = stored.astype(np.float32 if small else np.float64)
        exact -= exact.dtype.type(self.low)
        exact *= exact.dtype.type(1 / (self.high - self.low))
        return np.clip(exact, 0, 1, out=exact).astype(np.float32, copy=False)

    def subset(self, index: NDArray[np.int64]) -> Samples:
        return Samples(self.raw[index], self.labels[index], self.low, self.high)


@dataclass(frozen=True)
class Dataset:
    """A training and a test set over the same classes."""

    name: str
    train: Samples
    test: Samples
    n_classes: int
    origin: str  # where it came from, for the record
    image_shape: tuple[int, int, int] | None = None  # channels, height, width of images; stored channels last

    @property
    def n_in(self) -> int:
        return int(self.train.raw.shape[1])

    @cached_property
    def digest(self) -> str:
        """Sixteen hex digits over all samples and what they mean, so that whoever goes on notices other data.

        The same bytes are other data as another type, in another shape or range.
        """
        digest = hashlib.sha256(repr((self.n_classes, self.image_shape)).encode())
        for samples in (self.train, self.test):
            digest.update(repr((samples.raw.dtype.str, samples.raw.shape)).encode())
            digest.update(np.asarray([samples.low, samples.high], np.float64).tobytes())
            digest.update(samples.raw.tobytes())
            digest.update(samples.labels.tobytes())
        return digest.hexdigest()[:16]
