"""Batch normalisation, which at inference is one gain and one shift per channel, and so part of the layer before."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from host.network import Weighted


def folded(
    layer: Weighted,
    scale: NDArray[np.generic],
    shift: NDArray[np.generic],
    mean: NDArray[np.generic],
    variance: NDArray[np.generic],
    epsilon: float,
) -> Weighted:
    """`layer` followed by scale (y - mean) / sqrt(variance + epsilon) + shift, arrays (channels out,), as one layer."""
    gain = scale.astype(np.float64) / np.sqrt(variance.astype(np.float64) + epsilon)
    return layer.scaled(gain, shift - mean * gain)
