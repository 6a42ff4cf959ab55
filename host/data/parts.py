"""Training and validation part of a data set."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from host.data.samples import Dataset, Samples
from host.errors import DataError
from nonideality import stream

MAX_VALIDATION = 2000


def learned_and_checked(dataset: Dataset, fraction: float, seed: int) -> tuple[Samples, Samples]:
    """What is learned from and what validates: the data set's own validation set, or a part of its training set."""
    if dataset.valid is not None:
        return dataset.train, dataset.valid
    return split(dataset.train, fraction, seed)


def n_learned(dataset: Dataset, fraction: float) -> int:
    """How many samples the first of the two has. Raises DataError."""
    n = len(dataset.train)
    return n if dataset.valid is not None else n - n_valid(n, fraction)


def split(samples: Samples, fraction: float, seed: int) -> tuple[Samples, Samples]:
    """Training and validation part; at least one sample each. Raises DataError if there are fewer than two."""
    n = n_valid(len(samples), fraction)
    order: NDArray[np.int64] = stream("validation split", seed).permutation(len(samples))
    return samples.subset(order[n:]), samples.subset(order[:n])


def n_valid(n: int, fraction: float) -> int:
    if n < 2:
        raise DataError("there is one training sample only: at least two are needed, one to learn from, one to check")
    return min(MAX_VALIDATION, max(1, int(n * fraction)))
