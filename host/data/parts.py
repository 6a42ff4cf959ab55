"""Training and validation part of a data set."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from host.data.samples import Samples
from host.errors import DataError
from nonideality import stream

MAX_VALIDATION = 2000


def split(samples: Samples, fraction: float, seed: int) -> tuple[Samples, Samples]:
    """Training and validation part; at least one sample each. Raises DataError if there are fewer than two."""
    n = n_valid(len(samples), fraction)
    order: NDArray[np.int64] = stream("validation split", seed).permutation(len(samples))
    return samples.subset(order[n:]), samples.subset(order[:n])


def n_valid(n: int, fraction: float) -> int:
    if n < 2:
        raise DataError("there is one training sample only: at least two are needed, one to learn from, one to check")
    return min(MAX_VALIDATION, max(1, int(n * fraction)))
