"""Weights to start learning from where they are not the teacher's."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from host.teacher import Layer
from nonideality.streams import stream


def random_weights(sizes: tuple[int, ...], seed: int) -> list[Layer]:
    """Gaussian weights of variance 1 / n_in, zero biases: from random, the membranes reach the boxcar."""
    layers = []
    for number, (n_in, n_out) in enumerate(pairwise(sizes)):
        rng = stream("random start", seed, number)
        weights = rng.standard_normal((n_in, n_out)) / np.sqrt(n_in)
        layers.append((weights.astype(np.float32), np.zeros(n_out, np.float32)))
    return layers
