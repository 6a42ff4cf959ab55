"""Recordings of event cameras: events with place, time and polarity, counted pixel by pixel in windows of time.

An .npz file holds, for each of the parts `train` and `test`, all events end to end, one recording behind the other:
`train_x`, `train_y` (pixels from the left, from above), `train_t_us` (microseconds since the recording began, never
falling), `train_p` (polarity, 0 or 1), each (k,) whole numbers; `train_offset` (n + 1,), where each recording begins
and the last one ends; `train_label` (n,). `sensor` (2,), its height and width, may be there, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from host.data.formats import dataset_of, opened_npz
from host.data.samples import Dataset, Samples
from host.data.source import DataPlace, DataSource
from host.errors import DataError
from host.settings import DATASET_DEFAULTS
from host.stored_arrays import Npz

PARTS = ("train", "test")
_OF_EVENTS = ("x", "y", "t_us", "p")
_OF_PART = (*_OF_EVENTS, "offset", "label")
KEYS = tuple(f"{part}_{name}" for part in PARTS for name in _OF_PART)
_SENSOR = "sensor"
_POLARITIES = 2
_WIDEST = 4096  # pixels of a side
_AT_ONCE = 1 << 24  # counts
_MOST = np.iinfo(np.uint8).max
_REACHED_BY = 0.001  # of the training set's counts: the smallest of these means 1, so that a few hot pixels do not


class Recordings(NamedTuple):
    """Those of one part, checked."""

    x: NDArray[np.int64]
    y: NDArray[np.int64]
    t_us: NDArray[np.int64]
    p: NDArray[np.int64]
    offset: NDArray[np.int64]
    label: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.label)


def holds_events(names: Sequence[str]) -> bool:
    """Whether an .npz file with these arrays is one of recordings."""
    return f"{PARTS[0]}_t_us" in names


def read_recordings(path: Path, windows: int = 1) -> Dataset:
    """The data set in such a file, a sample for each recording. Raises DataError.

    windows: into so many of equal length the time from 0 to the longest recording's end is cut. What is counted in a
    window is an image of two channels, one for each polarity; a sample holds its windows one after the other.
    """
    with opened_npz(path) as file:
        if missing := [key for key in KEYS if key not in file.names]:
            raise DataError(f"{path} has no {', '.join(missing)}: recordings of events need {', '.join(KEYS)}")
        parts = {part: _part(file, part, str(path)) for part in PARTS}
        sensor = _sensor(file, parts["train"], str(path))
    for name, part in parts.items():
        _check_places(part, sensor, f"{path}: {name}")
    end_us = 1 + max(int(part.t_us.max()) for part in parts.values())
    return _as_dataset(parts, path, sensor, windows, end_us)


def counts(part: Recordings, sensor: tuple[int, int], windows: int, end_us: int) -> NDArray[np.uint8]:
    """Events of each recording in each window at each pixel, (n, windows, height, width, polarities); 255 at most."""
    height, width = sensor
    per_recording = windows * height * width * _POLARITIES
    found = np.empty((len(part), windows, height, width, _POLARITIES), np.uint8)
    step = max(1, _AT_ONCE // per_recording)
    for first in range(0, len(part), step):
        last = min(len(part), first + step)
        events = slice(part.offset[first], part.offset[last])
        recording = np.repeat(np.arange(last - first), np.diff(part.offset[first : last + 1]))
        place = recording * windows + part.t_us[events] * windows // end_us
        place = (place * height + part.y[events]) * width + part.x[events]
        place = place * _POLARITIES + part.p[events]
        seen = np.bincount(place, minlength=(last - first) * per_recording)
        found[first:last] = np.minimum(seen, _MOST).reshape(last - first, *found.shape[1:])
    return found


def _as_dataset(
    parts: dict[str, Recordings], path: Path, sensor: tuple[int, int], windows: int, end_us: int
) -> Dataset:
    arrays: dict[str, NDArray[Any]] = {}
    for name, part in parts.items():
        images = counts(part, sensor, windows, end_us)
        arrays[f"x_{name}"] = images.reshape(len(part), -1)
        arrays[f"y_{name}"] = part.label
    made = dataset_of(path.stem, arrays, str(path), byte_range=False)
    shape = (_POLARITIES, *sensor)
    high = float(max(1, _reached_by_few(made.train.raw)))
    train, test = (Samples(samples.raw, samples.labels, 0.0, high) for samples in (made.train, made.test))
    return Dataset(made.name, train, test, made.n_classes, made.origin, shape, windows=windows)


def _reached_by_few(stored: NDArray[np.generic]) -> int:
    """The count that no more than so many of all counts reach or pass."""
    occurs = np.bincount(stored.ravel(), minlength=_MOST + 1)
    reached = np.cumsum(occurs[::-1])[::-1]
    return int(np.argmax(reached <= _REACHED_BY * stored.size))


def _part(file: Npz, part: str, origin: str) -> Recordings:
    """Raises DataError if the arrays do not fit each other."""
    read = {name: _whole(file.read(f"{part}_{name}"), f"{origin}: {part}_{name}") for name in _OF_PART}
    found = Recordings(**read)
    n = len(found.t_us)
    for name in _OF_EVENTS:
        if len(read[name]) != n:
            raise DataError(
                f"{origin}: {part}_{name} has {len(read[name]):,} events, {part}_t_us {n:,}: the file is cut short, or"
                " made of two"
            )
    offset = found.offset
    if len(offset) != len(found) + 1:
        raise DataError(
            f"{origin}: {part}_offset has {len(offset):,} entries for {len(found):,} labels; it must have one more"
        )
    if len(found) == 0 or offset[0] != 0 or offset[-1] != n or (np.diff(offset) < 0).any():
        raise DataError(
            f"{origin}: {part}_offset must go from 0 to the number of events, {n:,}, and never fall; it goes from"
            f" {offset[0]:,} to {offset[-1]:,}"
        )
    if n == 0:
        raise DataError(f"{origin}: {part} holds no event; there is nothing to learn from")
    _check_times(found, f"{origin}: {part}")
    if not np.isin(found.p, (0, 1)).all():
        raise DataError(f"{origin}: {part}_p holds {found.p.min()} to {found.p.max()}; a polarity is 0 or 1")
    return found


def _whole(values: NDArray[Any], what: str) -> NDArray[np.int64]:
    if values.ndim != 1 or values.dtype.kind not in "uib":
        raise DataError(f"{what} is {values.dtype} {values.shape}; it must be whole numbers in one row")
    if values.dtype.kind == "u" and values.dtype.itemsize == 8 and (values > np.iinfo(np.int64).max).any():
        raise DataError(f"{what} holds {values.max():,}; no whole number of it may pass 2^63 - 1")
    return values.astype(np.int64)


def _check_times(part: Recordings, what: str) -> None:
    if part.t_us.min() < 0 or part.t_us.max() > 1 << 40:
        raise DataError(
            f"{what}_t_us goes from {part.t_us.min():,} to {part.t_us.max():,}; times are microseconds since the"
            " recording began, 12 days at most"
        )
    falls = np.diff(part.t_us) < 0
    begins = part.offset[1:-1] - 1  # from a recording's last event to the next one's first time may fall
    falls[begins[(begins >= 0) & (begins < len(falls))]] = False
    if falls.any():
        at = int(np.argmax(falls)) + 1
        recording = int(np.searchsorted(part.offset, at, side="right")) - 1
        raise DataError(
            f"{what}_t_us falls within recording {recording}, from {part.t_us[at - 1]:,} to {part.t_us[at]:,}: sort"
            " each recording's events by time"
        )


def _sensor(file: Npz, train: Recordings, origin: str) -> tuple[int, int]:
    """Height and width: as the file says, or as far as training events go."""
    if _SENSOR in file.names:
        said = _whole(file.read(_SENSOR), f"{origin}: {_SENSOR}")
        sides = said.tolist()
        if len(sides) != 2 or not all(0 < side <= _WIDEST for side in sides):
            raise DataError(f"{origin}: sensor is {sides}; it must be height and width, each from 1 to {_WIDEST}")
        return sides[0], sides[1]
    return int(train.y.max()) + 1, int(train.x.max()) + 1


def _check_places(part: Recordings, sensor: tuple[int, int], what: str) -> None:
    for name, values, side in (("y", part.y, sensor[0]), ("x", part.x, sensor[1])):
        if values.min() < 0 or values.max() >= min(side, _WIDEST):
            raise DataError(
                f"{what}_{name} goes from {values.min():,} to {values.max():,}, beyond the sensor of"
                f" {sensor[0]:,}x{sensor[1]:,} pixels: pixels count from 0, and `sensor` says height and width"
            )


class NMnist(DataSource):
    """As many recordings as its file has."""

    name = "nmnist"
    about = "34x34 handwritten digits as a moving event camera sees them, two polarities, 10 classes; events summed up"
    files = "nmnist.npz or nmnist_small.npz"
    how_to_get = (
        "write nmnist.npz from tonic's NMNIST or the original files as host/data/README.md says, put it into DIR or"
        " DIR/nmnist, then name DIR with --data-dir or CHIPSIM_DATA"
    )
    settings = DATASET_DEFAULTS["nmnist"]
    FILES: ClassVar[tuple[str, ...]] = ("nmnist.npz", "nmnist_small.npz")

    def find(self, folders: Sequence[Path]) -> DataPlace:
        looked = [base / below for base in folders for below in ("nmnist", "nmnist_small", ".")]
        there = [folder for folder in looked if any(self._files_in(folder))]
        return DataPlace(there[0] if there else None, looked)

    def load(self, folder: Path | None) -> Dataset:
        return self.load_windows(folder, 1)

    def load_windows(self, folder: Path | None, windows: int) -> Dataset:
        assert folder is not None, "it needs files"
        return replace(read_recordings(next(self._files_in(folder)), windows), name=self.name)

    def _files_in(self, folder: Path) -> Iterator[Path]:
        return (folder / file for file in self.FILES if (folder / file).is_file())
