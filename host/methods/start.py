"""Weights to start learning from where they are not the teacher's."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from chipsim.layers import LayerShape
from host.teacher import Layer
from nonideality.streams import stream


def random_weights(shapes: Sequence[LayerShape], seed: int) -> list[Layer | None]:
    """Gaussian weights of variance 1 / fan-in, zero biases: from random, the membranes reach the boxcar."""
    layers: list[Layer | None] = []
    for number, shape in enumerate(shapes):
        if not shape.learns:
            layers.append(None)
            continue
        rng = stream("random start", seed, number)
        weights = rng.standard_normal((shape.rows, shape.columns)) / np.sqrt(shape.rows)
        layers.append((weights.astype(np.float32), np.zeros(shape.columns, np.float32)))
    return layers
