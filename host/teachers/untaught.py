"""Stands where a teacher would, for methods that follow none: layers of the chip's sizes that know nothing."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from host.teachers.network import dense_network
from host.teachers.teacher import Teacher


def untaught(sizes: Sequence[int]) -> Teacher:
    """sizes: inputs, then neurons of each layer. Whatever it is shown, its activations are 0."""
    crossbars = [(np.zeros(shape, np.float32), np.zeros(shape[1], np.float32)) for shape in pairwise(sizes)]

    def forward(values: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        return [np.zeros((len(values), n), np.float32) for n in sizes[1:]]

    return Teacher(dense_network(crossbars), forward, [np.ones(n, np.float32) for n in sizes[1:]])
