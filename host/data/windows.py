"""Samples that are cut into windows of one size, which a chip sees one after another: sequences."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from host.data.samples import Dataset, Samples
from host.errors import DataError

_NAMED = 12  # numbers of windows in a message


def in_windows(dataset: Dataset, windows: int) -> Dataset:
    """`dataset` with so many windows in each sample: its own, or its values cut into so many equal parts, in order.

    Raises DataError if it holds sequences of another number, or its values cannot be cut so.
    """
    if dataset.windows == windows:
        return dataset
    if dataset.windows > 1:
        raise DataError(
            f"{dataset.name} holds sequences of {dataset.windows} windows, and windows is {windows}: set windows"
            f" (--windows) to {dataset.windows}"
        )
    n = dataset.n_in
    if n % windows:
        fitting = [str(k) for k in range(2, n + 1) if n % k == 0]
        some = ", ".join(fitting[:_NAMED]) + (", ..." if len(fitting) > _NAMED else "")
        raise DataError(
            f"{dataset.name}: samples of {n} values cannot be cut into {windows} windows of one size: set windows"
            f" (--windows) to {some or 1}"
        )
    return replace(dataset, windows=windows, image_shape=None)


def mean_window(samples: Samples, windows: int) -> Samples:
    """What all windows of each sequence look like together: the mean of their values, in [0, 1]."""
    values = samples.values(slice(None))
    means = values.reshape(len(samples), windows, -1).mean(axis=1, dtype=np.float64).astype(np.float32)
    return Samples(means, samples.labels, 0.0, 1.0)
