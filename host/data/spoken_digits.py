"""Spoken digits as mel bands over time: what a cochlea would send, in a few numbers.

Of each clip, at evenly spaced times from its begin to its end, the power of 50 ms under a Hann window, in 20 triangular
bands of equal width on the mel scale (2595 log10(1 + f / 700 Hz), as librosa's htk=True), in decibels below the clip's
loudest: 0 for -60 dB and less, 1 for the loudest.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from host.data.formats import dataset_of, opened_npz
from host.data.samples import Dataset, Samples
from host.data.source import DataPlace, DataSource
from host.errors import DataError
from host.settings import DATASET_DEFAULTS

RATE_HZ = 8000
N_BANDS, N_FRAMES = 20, 16
_WINDOW, _TRANSFORMED = 400, 512  # samples: 50 ms, and filled up with zeros
_RANGE_DB = 60.0
_QUIETEST = 1e-12  # of full scale, squared: what is silent has a level, too
_KEYS = ("audio", "offset", "y", "index")
_TEST_TAKES = 5  # of each speaker and digit, as its authors split them


def mel_bands(n_bands: int, n_transformed: int, rate_hz: float) -> NDArray[np.float64]:
    """Weights (n_bands, n_transformed / 2 + 1) of triangles up to half the rate, each of height 1."""
    places = np.linspace(0, 2595 * np.log10(1 + rate_hz / 2 / 700), n_bands + 2)
    edges = 700 * (10 ** (places / 2595) - 1)
    low, middle, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    frequency = np.arange(n_transformed // 2 + 1) * rate_hz / n_transformed
    return np.clip(np.minimum((frequency - low) / (middle - low), (high - frequency) / (high - middle)), 0, None)


def mel_features(clip: NDArray[np.int16], bands: NDArray[np.float64], n_frames: int = N_FRAMES) -> NDArray[np.float32]:
    """(n_frames, bands) in [0, 1] of one clip of at least one sample."""
    sound = np.pad(clip, (0, max(0, _WINDOW - len(clip)))) / 32768.0
    begin = np.rint(np.linspace(0, len(sound) - _WINDOW, n_frames)).astype(np.int64)
    pieces = sound[begin[:, None] + np.arange(_WINDOW)] * _hann()
    power = np.abs(np.fft.rfft(pieces, _TRANSFORMED, axis=1)) ** 2 @ bands.T
    level = 10 * np.log10(np.maximum(power, _QUIETEST))
    found: NDArray[np.float32] = np.clip(1 + (level - level.max()) / _RANGE_DB, 0, 1).astype(np.float32)
    return found


@cache
def _hann() -> NDArray[np.float64]:
    from scipy.signal import get_window  # half a second

    window: NDArray[np.float64] = get_window("hann", _WINDOW)
    return window


def read_spoken_digits(path: Path) -> Dataset:
    """Frames one after the other, (n, N_FRAMES N_BANDS). Raises DataError."""
    with opened_npz(path) as file:
        if missing := [key for key in _KEYS if key not in file.names]:
            raise DataError(f"{path} has no {', '.join(missing)}: it needs {', '.join(_KEYS)}")
        audio, offset, y, take = (file.read(key) for key in _KEYS)
    _check(audio, offset, y, take, path)
    bands = mel_bands(N_BANDS, _TRANSFORMED, RATE_HZ)
    clips = (audio[begin:end] for begin, end in pairwise(offset))
    features = np.stack([mel_features(clip, bands) for clip in clips])
    is_test = take < _TEST_TAKES
    arrays: dict[str, NDArray[Any]] = {}
    for part, chosen in (("train", ~is_test), ("test", is_test)):
        arrays |= {f"x_{part}": features[chosen], f"y_{part}": y[chosen]}
    made = dataset_of("fsdd", arrays, str(path), byte_range=False)
    train, test = (Samples(samples.raw, samples.labels, 0.0, 1.0) for samples in (made.train, made.test))
    return Dataset("fsdd", train, test, made.n_classes, made.origin)


def _check(audio: NDArray[Any], offset: NDArray[Any], y: NDArray[Any], take: NDArray[Any], path: Path) -> None:
    if audio.dtype != np.int16 or audio.ndim != 1:
        raise DataError(f"{path}: audio is {audio.dtype} {audio.shape}; it must be int16, all clips end to end")
    for name, values in (("offset", offset), ("y", y), ("index", take)):
        if values.ndim != 1 or values.dtype.kind not in "ui":
            raise DataError(f"{path}: {name} is {values.dtype} {values.shape}; it must be whole numbers in one row")
    n = len(y)
    if len(take) != n or len(offset) != n + 1:
        raise DataError(
            f"{path}: {n:,} labels y, {len(take):,} of index, {len(offset):,} of offset; index must have as many,"
            " offset one more"
        )
    if n == 0 or offset[0] != 0 or offset[-1] != len(audio) or (offset[1:] <= offset[:-1]).any():
        raise DataError(
            f"{path}: offset must rise from 0 to the number of audio samples, {len(audio):,}: the file is cut short, or"
            " a clip of it is empty"
        )


class SpokenDigits(DataSource):
    """The Free Spoken Digit Dataset, takes 0 to 4 of each speaker and digit for the test."""

    name = "fsdd"
    about = "spoken digits of six speakers, 20 mel bands at 16 times, 2,700 training and 300 test clips, 10 classes"
    files = "fsdd.npz"
    how_to_get = (
        "write fsdd.npz of its wav files (github.com/Jakobovski/free-spoken-digit-dataset) as host/data/README.md says,"
        " put it into DIR or DIR/fsdd, then name DIR with --data-dir or CHIPSIM_DATA"
    )
    settings = DATASET_DEFAULTS["fsdd"]

    def find(self, folders: Sequence[Path]) -> DataPlace:
        looked = [folder for base in folders for folder in (base / "fsdd", base)]
        there = [folder for folder in looked if (folder / self.files).is_file()]
        return DataPlace(there[0] if there else None, looked)

    def load(self, folder: Path | None) -> Dataset:
        assert folder is not None, "it needs files"
        return read_spoken_digits(folder / self.files)
