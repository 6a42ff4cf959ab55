"""What seems wrong with a data set although it can be used: said before anybody believes a result."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from host.data.samples import Dataset, Samples
from host.data.scaling import parts_of, range_of

_APART = 100  # times, from one column's range to another's
_ALIVE = 0.01  # of the samples: a column that is at its lowest in all others has no range to speak of
_LOOKED_AT = 10_000  # samples, for that
_FILLED = 0.25  # of the range from 0 to 1
_LONE = 1000  # values within a tenth of the range for each beyond it: the range is then that of a few
_FEW = 3
_OUTSIDE = 0.01  # of the values
_CHANNELS = (1, 2, 3, 4)


def notes_on(dataset: Dataset) -> tuple[str, ...]:
    """A line each, with what would help."""
    # A limit that the stored type does not reach is infinite in it, and so lies beyond all values, as it should.
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        return (
            *_channels_first(dataset.image_shape),
            *_columns_apart(dataset.train),
            *_range_not_filled(dataset.train),
            *_set_by_few(dataset.train),
            *_other_units(dataset),
            *_empty_classes(dataset),
        )


def _channels_first(shape: tuple[int, int, int] | None) -> Iterator[str]:
    """`shape` as it was understood: channels, height, width."""
    if shape is None:
        return
    last, first, middle = shape
    if first in _CHANNELS and last not in _CHANNELS and middle > max(_CHANNELS):
        yield (
            f"x_train is read as images of {first}x{middle} pixels with {last} channels, which stand last; if the"
            f" {first} are the channels, store np.moveaxis(x, 1, -1)"
        )


def _columns_apart(train: Samples) -> Iterator[str]:
    """Only where all are scaled alike."""
    if train.per_feature or train.raw.dtype.kind == "b" or train.raw.shape[1] < 2:
        return
    lows, highs = train.raw.min(axis=0), train.raw.max(axis=0)
    some = train.raw[:: -(-len(train) // _LOOKED_AT)]
    alive = (some > lows).mean(axis=0) >= _ALIVE
    spans = highs.astype(np.float64) - lows
    spans[~alive] = 0
    if not spans.any():
        return
    wide, narrow = int(np.argmax(spans)), int(np.argmin(np.where(spans > 0, spans, np.inf)))
    if spans[wide] / _APART > spans[narrow]:
        yield (
            f"columns differ: column {wide} of x_train has a range of {spans[wide]:g}, column {narrow} one of"
            f" {spans[narrow]:g}, and all are scaled alike, so that little is left of the second; --scale feature"
            " gives each its own range"
        )


def _range_not_filled(train: Samples) -> Iterator[str]:
    if train.per_feature:
        return
    low, high = range_of(train.raw)
    if low == high:
        yield f"every value of x_train is {low:g}; there is nothing to learn from"
        return
    bottom, top = np.clip((np.array([low, high]) - train.low) / (np.float64(train.high) - train.low), 0, 1)
    if top - bottom < _FILLED:
        yield (
            f"x_train goes from {low:g} to {high:g}, but {train.low:g} to {train.high:g} is read as 0 to 1, of which"
            f" it fills {top - bottom:.2g}; --scale data reads its own range as 0 to 1"
        )


def _set_by_few(train: Samples) -> Iterator[str]:
    """Where a few values lie far from all others and so decide the range."""
    if train.per_feature:
        columns = [column for column in range(train.raw.shape[1]) if _few_beyond(_column(train, column)) is not None]
        if columns:
            yield (
                f"a few values set the range of {len(columns)} columns of x_train (the first is column {columns[0]}):"
                " nine tenths of it hold next to nothing else; clip them in the file"
            )
        return
    found = _few_beyond(train)
    if found is not None:
        count, low, high = found
        yield (
            f"{count} of {train.raw.size:,} values of x_train {'sets' if count == 1 else 'set'} the range: all others"
            f" lie from {low:g} to {high:g}; --scale {low:g},{high:g} reads these as 0 to 1 and clips the rest"
        )


def _column(train: Samples, column: int) -> Samples:
    """One input as a set of its own."""
    assert isinstance(train.low, np.ndarray) and isinstance(train.high, np.ndarray), "each has its own range"
    raw = train.raw[:, column : column + 1]
    return Samples(raw, train.labels, float(train.low[column]), float(train.high[column]))


def _few_beyond(samples: Samples) -> tuple[int, float, float] | None:
    """How many values stand alone in nine tenths of the range, and the range of all others; None if that is filled."""
    raw: NDArray[Any] = samples.raw
    low, high = float(samples.low), float(samples.high)
    tenth = (high - low) / 10
    if not tenth > 0 or raw.dtype.kind == "b":
        return None
    for beyond, end in ((_above(raw, low + tenth), low), (_below(raw, high - tenth), high)):
        count = int(np.count_nonzero(beyond))
        if not 0 < count <= max(_FEW, raw.size // _LONE):
            continue
        others = raw.size - count - int(np.count_nonzero(raw == end))
        if count <= max(_FEW, others // _LONE) and others >= 20 * count:
            kept = raw[~beyond]
            return count, float(kept.min()), float(kept.max())
    return None


def _above(raw: NDArray[Any], limit: float) -> NDArray[np.bool_]:
    """As whole numbers where these are, which spares a conversion of all."""
    return raw > (int(np.floor(limit)) if raw.dtype.kind in "ui" else limit)


def _below(raw: NDArray[Any], limit: float) -> NDArray[np.bool_]:
    return raw < (int(np.ceil(limit)) if raw.dtype.kind in "ui" else limit)


def _other_units(dataset: Dataset) -> Iterator[str]:
    """Where another part does not lie in the range of the training data."""
    train = dataset.train
    low, high = range_of(train.raw)
    for name, samples in parts_of(dataset).items():
        raw: NDArray[Any] = samples.raw
        its_low, its_high = range_of(raw)
        outside = 0.0
        if np.any(raw.min(axis=0) < train.low) or np.any(raw.max(axis=0) > train.high):
            outside = np.count_nonzero((raw < train.low) | (raw > train.high)) / raw.size
        if outside > _OUTSIDE:
            yield (
                f"{outside:.0%} of the values of x_{name} lie beyond the range that is read as 0 to 1 and are clipped;"
                f" x_{name} goes from {its_low:g} to {its_high:g}"
            )
        elif name != "train" and (its_high - its_low) * 10 < high - low and its_high - its_low > 0:
            yield (
                f"x_{name} goes from {its_low:g} to {its_high:g}, x_train from {low:g} to {high:g}: are both in the"
                " same units?"
            )


def _empty_classes(dataset: Dataset) -> Iterator[str]:
    counts = np.bincount(dataset.train.labels, minlength=dataset.n_classes)
    empty = np.flatnonzero(counts == 0)
    if len(empty):
        few = ", ".join(map(str, empty[:5])) + (", ..." if len(empty) > 5 else "")
        has, each = ("has", "it") if len(empty) == 1 else ("have", "each")
        yield (
            f"{len(empty):,} of {dataset.n_classes:,} classes {has} no training sample ({few}): {each} has an output"
            " nonetheless; labels count from 0"
        )
