"""Training and validation part of a data set."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from host.data.samples import Dataset, Samples
from host.errors import DataError
from nonideality import stream

MOST_BY_SHARE = 2000  # validation samples


def learned_and_checked(dataset: Dataset, held_out: float, seed: int) -> tuple[Samples, Samples]:
    """What is learned from and what validates: the data set's own validation set, or a part of its training set.

    held_out: below 1 a share of the training samples, MOST_BY_SHARE at most; from 1 on how many. Raises DataError.
    """
    if dataset.valid is None:
        return split(dataset.train, held_out, seed)
    _check_own(dataset, held_out)
    return dataset.train, dataset.valid


def n_learned(dataset: Dataset, held_out: float) -> int:
    """How many samples the first of the two has. Raises DataError."""
    n = len(dataset.train)
    if dataset.valid is None:
        return n - n_valid(n, held_out)
    _check_own(dataset, held_out)
    return n


def split(samples: Samples, held_out: float, seed: int) -> tuple[Samples, Samples]:
    """Training and validation part; at least one sample each. Raises DataError if there are not enough."""
    n = n_valid(len(samples), held_out)
    order: NDArray[np.int64] = stream("validation split", seed).permutation(len(samples))
    return samples.subset(order[n:]), samples.subset(order[:n])


def n_valid(n: int, held_out: float) -> int:
    if n < 2:
        raise DataError("there is one training sample only: at least two are needed, one to learn from, one to check")
    if held_out < 1:
        return min(MOST_BY_SHARE, max(1, int(n * held_out)))
    if held_out >= n:
        raise DataError(
            f"{held_out:,.0f} samples to validate on, of {n:,} training samples, leave none to learn from: hold out"
            f" {n - 1:,} at most"
        )
    return int(held_out)


def some_of(samples: Samples, setting: str, n: int | None, seed: int) -> Samples:
    """As many of the samples as `setting` says, drawn by the seed; all, if n is None.

    Raises DataError if there are fewer.
    """
    if n is None:
        return samples
    if n > len(samples):
        raise DataError(f"{setting} = {n:,}, and there are {len(samples):,} such samples: say so many at most")
    return samples.subset(np.sort(stream(setting, seed).permutation(len(samples))[:n]))


def _check_own(dataset: Dataset, held_out: float) -> None:
    if held_out >= 1:
        raise DataError(
            f"{held_out:,.0f} samples are to be held out, and {dataset.name} has a validation set of its own, of"
            f" {len(dataset.valid or ()):,}: say nothing of the number"
        )
