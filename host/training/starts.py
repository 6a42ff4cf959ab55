"""Weights that a die is programmed with before anything is learned: the teacher's, or random ones."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from chipsim.design import LayerShape
from host.settings import RunSpec
from host.teachers import Layer, Teacher
from nonideality import stream


def converted(teacher: Teacher, spec: RunSpec) -> list[Layer | None]:
    """The teacher's weights as rates, with the charge that ``conversion.initial_membrane_th`` lets windows begin with.

    A chip discharges its membranes before each window, so that charge comes with the bias, th / T more per step. All of
    it is over the threshold of its layer, whatever that is. A teacher that spikes needs none.
    """
    head_start = np.float32(0 if teacher.spikes else spec.conversion.initial_membrane_th / spec.steps)
    return [layer and (layer[0], layer[1] + head_start) for layer in teacher.normalised()]


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
