"""Which stored values mean 0 and 1: found in the training data or their type, or said by the setting `scale`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from host.data.samples import Dataset, End, Samples
from host.errors import DataError
from host.settings import AUTO, ends_of

_BYTES = (0.0, 255.0)


def usual_ends(raw: NDArray[np.generic], byte_range: bool, origin: str) -> tuple[float, float]:
    """The two of a training set (n, n_in) where nothing is said. byte_range: these are bytes of images, come what may.

    Bytes of 0 and 1 alone are no grey levels but truth values, which mean the same in any type. Raises DataError.
    """
    low, high = range_of(raw)
    if byte_range or (raw.dtype == np.uint8 and high > 1):
        return _BYTES
    if low == high:
        raise DataError(f"{origin}: every value of x_train is {low:g}; there is nothing to learn from")
    return (0.0, 1.0) if low >= 0 and high <= 1 else (low, high)


def rescaled(dataset: Dataset, scale: str) -> Dataset:
    """The data set with other stored values for 0 and 1; training data alone decide. Raises DataError."""
    if scale == AUTO:
        return dataset
    low, high = _ends(dataset, scale)
    train, test = (replace(samples, low=low, high=high) for samples in (dataset.train, dataset.test))
    valid = None if dataset.valid is None else replace(dataset.valid, low=low, high=high)
    check_scales(train, dataset.origin)
    return replace(dataset, scale=scale, train=train, test=test, valid=valid)


def parts_of(dataset: Dataset) -> dict[str, Samples]:
    """Training, test and validation set, the last where it has one, by their names in a `Dataset`."""
    parts = {"train": dataset.train, "test": dataset.test, "valid": dataset.valid}
    return {name: samples for name, samples in parts.items() if samples is not None}


def check_scales(train: Samples, origin: str) -> None:
    """Raises DataError if a stored value of the range of `train` would become no finite input."""
    if train.per_feature:
        wrong = ~train.feature_scales()
        if not wrong.any():
            return
        column = int(np.argmax(wrong))
        where, low, high = f"column {column} of x_train", train.low[column], train.high[column]  # type: ignore[index]
    elif train.scales:
        return
    else:
        where, low, high = "x_train", train.low, train.high
    raise DataError(
        f"{origin}: the range from {low:g} to {high:g} of {where} is too wide or too narrow for a float64: scale the"
        " values in the file, or give another range with --scale LOW,HIGH"
    )


def describe(dataset: Dataset) -> dict[str, Any]:
    """The range found in the training data, how it is scaled, and what seems wrong, for JSON."""
    train = dataset.train
    found = range_of(train.raw)
    used = [float(np.min(train.low)), float(np.max(train.high))]
    return {
        "setting": dataset.scale,
        "type": str(train.raw.dtype),
        "found": list(found),
        "used": used,
        "per_feature": train.per_feature,
        "warnings": list(dataset.notes),
    }


def range_of(raw: NDArray[np.generic]) -> tuple[float, float]:
    """Lowest and highest value."""
    return float(raw.min()), float(raw.max())


def _ends(dataset: Dataset, scale: str) -> tuple[End, End]:
    raw, origin = dataset.train.raw, dataset.origin
    if (ends := ends_of(scale)) is not None:
        return ends
    if scale == "type":
        return _of_type(raw.dtype, origin)
    if scale == "data":
        low, high = range_of(raw)
        if low == high:
            raise DataError(f"{origin}: every value of x_train is {low:g}; there is nothing to learn from")
        return low, high
    lows, highs = raw.min(axis=0).astype(np.float64), raw.max(axis=0).astype(np.float64)
    if np.all(lows == highs):
        raise DataError(f"{origin}: no column of x_train ever changes; there is nothing to learn from")
    return lows, highs


def _of_type(dtype: np.dtype[Any], origin: str) -> tuple[float, float]:
    if dtype.kind == "b":
        return 0.0, 1.0
    if dtype.kind not in "ui":
        raise DataError(
            f"{origin}: x_train is of type {dtype}, which has no range of its own: choose --scale data, feature or"
            " LOW,HIGH"
        )
    limits = np.iinfo(dtype)
    return float(limits.min), float(limits.max)
