"""From the order of most other software, channels first, to the chip's, positions first (see `layers`)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def from_image(values: NDArray[Any]) -> NDArray[Any]:
    """Images (S, channels, height, width) as rows (S, n) in the chip's order."""
    return np.ascontiguousarray(np.moveaxis(values, 1, 3)).reshape(len(values), -1)


def to_image(values: NDArray[Any], shape: tuple[int, int, int]) -> NDArray[Any]:
    """Rows (S, n) in the chip's order as images (S, *shape); shape: channels, height, width."""
    channels, height, width = shape
    return np.ascontiguousarray(np.moveaxis(values.reshape(-1, height, width, channels), 3, 1))


def kernel_rows(kernels: NDArray[Any]) -> NDArray[Any]:
    """Kernels (channels out, channels in, height, width) as weights (rows, columns) to program."""
    return np.ascontiguousarray(from_image(kernels).T)


def flattened_rows(weights: NDArray[Any], shape: tuple[int, int, int]) -> NDArray[Any]:
    """Weights (units, channels height width) of a layer that flattens an image of this shape, as (rows, columns)."""
    return np.ascontiguousarray(from_image(weights.reshape(len(weights), *shape)).T)
