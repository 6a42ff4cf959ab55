"""The mean of a network's weights over its last steps of training.

Single batches push weights to and fro; their mean over many steps classifies a little better than where they stop
(Polyak and Juditsky 1992, SIAM Journal on Control and Optimization 30; Izmailov et al. 2018, arXiv 1803.05407).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Layers = list[tuple[NDArray[np.float32], NDArray[np.float32]]]


class WeightAverage:
    """The running mean, in float64, of what it was shown: weights (n_in, n_out) and biases (n_out,) of each layer."""

    def __init__(self) -> None:
        self.steps = 0
        self._mean: list[NDArray[Any]] = []

    def add(self, weights: Layers) -> None:
        arrays = [array for layer in weights for array in layer]
        self.steps += 1
        if self.steps == 1:
            self._mean = [array.astype(np.float64) for array in arrays]
        for mean, array in zip(self._mean, arrays, strict=True):
            mean += (array - mean) / self.steps

    def layers(self) -> Layers:
        """Raises ValueError if it has seen none."""
        if not self.steps:
            raise ValueError("an average of no weights: add some first")
        arrays = [mean.astype(np.float32) for mean in self._mean]
        return list(zip(arrays[::2], arrays[1::2], strict=True))
