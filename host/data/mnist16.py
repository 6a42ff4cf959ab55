"""MNIST as the BrainScaleS-2 experiment shows it: 16 x 16 pixels (Cramer et al. 2022, arXiv 2006.07239).

Two pixels are cropped from every edge, and the 24 x 24 left are zoomed to 16 x 16 with a cubic spline.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from host.data.samples import Dataset, Samples
from host.errors import DataError

_SIDE, _CROP, _SMALL = 28, 2, 16
_CHUNK = 8192  # images, so that the work needs little memory


def mnist16(mnist: Dataset) -> Dataset:
    """All images shrunk, as bytes: what the spline throws below black or above white is clipped. Raises DataError."""
    if mnist.n_in != _SIDE**2:
        raise DataError(f"{mnist.origin}: images of {mnist.n_in} pixels; mnist16 is made of MNIST's {_SIDE}x{_SIDE}")
    train, test = (shrunk(samples) for samples in (mnist.train, mnist.test))
    return Dataset("mnist16", train, test, mnist.n_classes, f"{mnist.origin}, cropped to 24x24, zoomed to 16x16")


def shrunk(samples: Samples) -> Samples:
    """Images (n, 784) of bytes as (n, 256)."""
    inside = slice(_CROP, _SIDE - _CROP)
    images = samples.raw.reshape(-1, _SIDE, _SIDE)[:, inside, inside]
    from scipy.ndimage import zoom  # a third of a second

    # A zoom is linear and treats rows and columns alike, so it is a matrix: that of the unit vectors.
    side = images.shape[1]
    along = zoom(np.eye(side), (_SMALL / side, 1), order=3).astype(np.float32)
    small = np.empty((len(images), _SMALL, _SMALL), np.uint8)
    for start in range(0, len(images), _CHUNK):
        part = slice(start, start + _CHUNK)
        zoomed: NDArray[np.float32] = along @ images[part].astype(np.float32) @ along.T
        small[part] = np.clip(np.rint(zoomed), samples.low, samples.high)
    return Samples(small.reshape(len(small), -1), samples.labels, samples.low, samples.high)
