"""A digest of a teacher: of what it teaches, wherever and by whatever it was trained or computed."""

from __future__ import annotations

import hashlib

import numpy as np

from host.data import Samples
from host.teachers.teacher import Teacher

_LOOKED_AT = 16  # samples whose activations count: a function says nothing of itself but what it returns


def teacher_digest(teacher: Teacher, samples: Samples) -> str:
    """Thirty-two hex digits over network, weights, activation scales, and the activations on the first samples.

    Training sums in the order of a processor's linear algebra, so that the same recipe may give other bits elsewhere;
    the activations tell functions apart that share their weights.
    """
    network = teacher.network
    digest = hashlib.sha256(repr((network.describe(), network.ceilings, teacher.output_low)).encode())
    arrays = [array for layer in teacher.layers for array in layer]
    arrays += [*teacher.activation_scales, *teacher.activations(samples.values(slice(0, _LOOKED_AT)))]
    for array in arrays:
        digest.update(repr((array.dtype.str, array.shape)).encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()[:32]
