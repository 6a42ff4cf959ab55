"""Samples as they were stored, and how to scale them to [0, 1]."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chipsim.design import short_repr

# A stored value that means the same for all inputs, or (n_in,) float64, one for each.
End = float | NDArray[np.float64]


@dataclass(frozen=True)
class Samples:
    """Inputs as they were stored, and how to scale them; labels (n,) int64."""

    __repr__ = short_repr

    raw: NDArray[np.generic]  # (n, n_in), of sequences (n, L n_in), window after window
    labels: NDArray[np.int64]
    low: End  # the stored value that means 0
    high: End  # the stored value that means 1; where it is that of 0, an input is 0 whatever is stored

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def per_feature(self) -> bool:
        """Whether each input has a range of its own."""
        return isinstance(self.low, np.ndarray)

    def values(self, index: NDArray[np.int64] | slice) -> NDArray[np.float32]:
        """Inputs float32 in [0, 1], in the shape of `raw`; what lies outside the training data's range is clipped."""
        stored = self.raw[index]
        if isinstance(self.low, np.ndarray):
            within = np.clip(stored.astype(np.float64), self.low, self.high) - self.low
            return np.clip(within * self._factor(), 0, 1).astype(np.float32)
        exact: NDArray[Any] = stored.astype(self._exact_type)
        with np.errstate(over="ignore"):  # far outside, which is clipped
            exact -= exact.dtype.type(self.low)
            exact *= exact.dtype.type(self._factor())
        return np.clip(exact, 0, 1, out=exact).astype(np.float32, copy=False)

    @property
    def scales(self) -> bool:
        """Whether every finite stored value becomes a finite input: not if a range is too wide or too narrow."""
        return bool(self.feature_scales().all())

    def feature_scales(self) -> NDArray[np.bool_]:
        """The same for each range (n_in,), or for the only one (); an input that never changes is 0."""
        with np.errstate(over="ignore"):
            factor: NDArray[Any] = np.asarray(self._factor()).astype(self._exact_type)
        never = np.asarray(self.low == self.high) if self.per_feature else np.False_
        scales: NDArray[np.bool_] = (np.isfinite(factor) & (factor > 0)) | never
        return scales

    @property
    def _exact_type(self) -> type[np.float32] | type[np.float64]:
        """Small whole numbers are exact in float32; others keep their differences only in float64."""
        small = self.raw.dtype.kind in "uib" and self.raw.dtype.itemsize <= 2
        if not small or isinstance(self.low, np.ndarray):
            return np.float64
        with np.errstate(over="ignore"):
            return np.float32 if all(np.float32(end) == end for end in (self.low, self.high)) else np.float64

    def _factor(self) -> End:
        """Of a stored value less `low`."""
        with np.errstate(over="ignore", divide="ignore"):
            span = np.subtract(self.high, self.low, dtype=np.float64)
            factor: NDArray[np.float64] = np.where(span > 0, 1 / span, 0)
        return factor if factor.ndim else float(factor)

    def subset(self, index: NDArray[np.int64]) -> Samples:
        return Samples(self.raw[index], self.labels[index], self.low, self.high)


@dataclass(frozen=True)
class Dataset:
    """A training and a test set over the same classes."""

    __repr__ = short_repr

    name: str
    train: Samples
    test: Samples
    n_classes: int
    origin: str  # where it came from, for the record
    image_shape: tuple[int, int, int] | None = None  # channels, height, width of images; stored channels last
    valid: Samples | None = None  # a validation set of its own; None: a part of the training set
    scale: str = "auto"  # as the setting says, see `scaling`
    notes: tuple[str, ...] = ()  # what seems wrong with it, see `notes`
    windows: int = 1  # of a sample: more of a sequence

    @property
    def n_in(self) -> int:
        """Inputs of the chip: values of a window."""
        return int(self.train.raw.shape[1]) // self.windows

    @cached_property
    def digest(self) -> str:
        """Sixteen hex digits over all samples and what they mean, so that whoever goes on notices other data.

        The same bytes are other data as another type, in another shape or range.
        """
        shape = (self.n_classes, self.image_shape)
        digest = hashlib.sha256(repr(shape if self.windows == 1 else (*shape, self.windows)).encode())
        for samples in (self.train, self.test) if self.valid is None else (self.train, self.test, self.valid):
            digest.update(repr((samples.raw.dtype.str, samples.raw.shape)).encode())
            digest.update(np.asarray([samples.low, samples.high], np.float64).tobytes())
            digest.update(samples.raw.tobytes())
            digest.update(samples.labels.tobytes())
        return digest.hexdigest()[:16]
