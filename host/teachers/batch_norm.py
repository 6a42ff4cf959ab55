"""Batch normalisation, which at inference is one gain and one shift per channel, and so part of the layer before."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from host.teachers.network import Crossbar, scaled


def folded(
    crossbar: Crossbar,
    scale: NDArray[np.float32],
    shift: NDArray[np.float32],
    mean: NDArray[np.float32],
    variance: NDArray[np.float32],
    epsilon: float,
) -> Crossbar:
    """The crossbar that gives scale (y - mean) / sqrt(variance + epsilon) + shift where this one gives y.

    scale, shift, mean, variance: (columns,).
    """
    gain = scale.astype(np.float64) / np.sqrt(variance.astype(np.float64) + epsilon)
    return scaled(crossbar, gain, shift - mean * gain)
