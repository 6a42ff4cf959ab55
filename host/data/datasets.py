"""Data sets: what there is, where it was looked for, and samples scaled to [0, 1]."""

from __future__ import annotations

import gzip
import hashlib
import os
import zipfile
import zlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from host.data.cifar10 import ORIGIN as CIFAR10_ORIGIN
from host.data.cifar10 import find_cifar10, read_cifar10
from host.errors import DataError
from nonideality.streams import stream

BUILT_IN = ("digits", "mnist", "mnist16", "yinyang", "cifar10")
_IDX_FILES = {
    "x_train": "train-images-idx3-ubyte.gz",
    "y_train": "train-labels-idx1-ubyte.gz",
    "x_test": "t10k-images-idx3-ubyte.gz",
    "y_test": "t10k-labels-idx1-ubyte.gz",
}


@dataclass(frozen=True)
class Samples:
    """Inputs as they were stored, and how to scale them; labels (n,) int64."""

    raw: NDArray[np.generic]  # (n, n_in)
    labels: NDArray[np.int64]
    low: float  # the stored value that means 0
    high: float  # the stored value that means 1

    def __len__(self) -> int:
        return len(self.labels)

    def values(self, index: NDArray[np.int64] | slice) -> NDArray[np.float32]:
        """Inputs (S, n_in) float32 in [0, 1]; what lies outside the training data's range is clipped."""
        stored = self.raw[index]
        # Small whole numbers are exact in float32; others keep their differences only in float64.
        small = stored.dtype.kind in "uib" and stored.dtype.itemsize <= 2
        exact: NDArray[Any] = stored.astype(np.float32 if small else np.float64)
        exact -= exact.dtype.type(self.low)
        exact *= exact.dtype.type(1 / (self.high - self.low))
        return np.clip(exact, 0, 1, out=exact).astype(np.float32, copy=False)

    def subset(self, index: NDArray[np.int64]) -> Samples:
        return Samples(self.raw[index], self.labels[index], self.low, self.high)


@dataclass(frozen=True)
class Dataset:
    """A training and a test set over the same classes."""

    name: str
    train: Samples
    test: Samples
    n_classes: int
    origin: str  # where it came from, for the record
    image_shape: tuple[int, int, int] | None = None  # channels, height, width of images; stored channels last

    @property
    def n_in(self) -> int:
        return int(self.train.raw.shape[1])

    @cached_property
    def digest(self) -> str:
        """Sixteen hex digits over all samples, so that whoever goes on notices other data."""
        digest = hashlib.sha256()
        for samples in (self.train, self.test):
            digest.update(samples.raw.tobytes())
            digest.update(samples.labels.tobytes())
        return digest.hexdigest()[:16]


def data_folders(data_dir: str | None) -> list[Path]:
    """Where data sets are looked for, in this order."""
    named = [data_dir, os.environ.get("CHIPSIM_DATA")]
    return [Path(folder).expanduser() for folder in named if folder]


def load(name: str, data_dir: str | None = None) -> Dataset:
    """One of BUILT_IN, an .npz file or a folder with the four idx files. Raises DataError."""
    if name == "digits":
        return _digits()
    if name == "yinyang":
        return _yinyang()
    if name == "mnist":
        return _mnist(data_dir)
    if name == "cifar10":
        return _cifar10(data_dir)
    if name == "mnist16":
        from host.data.mnist16 import mnist16

        return mnist16(_mnist(data_dir))
    path = Path(name).expanduser()
    if path.is_dir():
        return _idx_folder(path, path.name)
    if path.suffix == ".npz":
        return _npz(path)
    raise DataError(
        f"unknown data set {name!r}: choose {', '.join(BUILT_IN)}, an .npz file with x_train, y_train, x_test, y_test,"
        " or a folder with the four idx .gz files (see 'chipsim data')"
    )


def find_mnist(data_dir: str | None) -> tuple[Path | None, list[Path]]:
    """The folder that holds MNIST's four files, if any, and all folders that were looked at."""
    looked = [folder for base in data_folders(data_dir) for folder in (base / "mnist", base)]
    found = [folder for folder in looked if all((folder / file).is_file() for file in _IDX_FILES.values())]
    return (found[0] if found else None), looked


def _mnist(data_dir: str | None) -> Dataset:
    folder, looked = find_mnist(data_dir)
    if folder is None:
        places = ", ".join(map(str, looked)) or "nowhere: neither --data-dir nor CHIPSIM_DATA is set"
        raise DataError(f"mnist not found (looked in {places}): put its four idx .gz files there (see 'chipsim data')")
    return _idx_folder(folder, "mnist")


def _cifar10(data_dir: str | None) -> Dataset:
    folder, looked = find_cifar10(data_folders(data_dir))
    if folder is None:
        places = ", ".join(map(str, looked)) or "nowhere: neither --data-dir nor CHIPSIM_DATA is set"
        raise DataError(f"cifar10 not found (looked in {places}): put its two .npz files there (see 'chipsim data')")
    return _from_arrays("cifar10", read_cifar10(folder), CIFAR10_ORIGIN, byte_range=True)


def _digits() -> Dataset:
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    order = stream("digits split").permutation(len(labels))
    n_test = 450
    raw = images.astype(np.uint8)
    samples = [Samples(raw[part], labels[part].astype(np.int64), 0, 16) for part in (order[n_test:], order[:n_test])]
    origin = "scikit-learn's load_digits (8x8, 1,797 images; UCI)"
    return Dataset("digits", samples[0], samples[1], 10, origin, (1, 8, 8))


def _yinyang() -> Dataset:
    train, test = _yinyang_samples(5000, 42), _yinyang_samples(1000, 40)
    return Dataset("yinyang", train, test, 3, "generated after Kriener et al. 2021, seeds 42 and 40")


def _yinyang_samples(n: int, seed: int) -> Samples:
    """Points in the Yin-Yang symbol, (x, y, 1 - x, 1 - y); classes yin 0, yang 1, dot 2, balanced by rejection."""
    rng = np.random.RandomState(seed)
    big, small = 0.5, 0.1
    points, labels = [], []
    for _ in range(n):
        goal = rng.randint(3)
        while True:
            x, y = rng.rand(2) * 2 * big
            if np.hypot(x - big, y - big) > big:
                continue
            right, left = np.hypot(x - 1.5 * big, y - big), np.hypot(x - 0.5 * big, y - big)
            if right < small or left < small:
                label = 2
            else:
                label = int(right <= small or small < left <= 0.5 * big or (y > big and right > 0.5 * big))
            if label == goal:
                break
        points.append((x, y, 1 - x, 1 - y))
        labels.append(label)
    return Samples(np.array(points, np.float32), np.array(labels, np.int64), 0, 1)


def _idx_folder(folder: Path, name: str) -> Dataset:
    arrays: dict[str, NDArray[Any]] = {key: _read_idx(folder / file) for key, file in _IDX_FILES.items()}
    return _from_arrays(name, arrays, str(folder), byte_range=True)


def _read_idx(path: Path) -> NDArray[np.uint8]:
    """One idx file of unsigned bytes: magic 0 0 8 ndim, big-endian sizes, data."""
    if not path.is_file():
        raise DataError(f"{path} is missing: the folder needs {', '.join(_IDX_FILES.values())}")
    try:
        with gzip.open(path) as file:
            content = file.read()
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path} cannot be read ({error}): it is cut short or no gzip file; get it again") from None
    n_dims = content[3] if len(content) > 4 else 0
    start = 4 + 4 * n_dims
    if content[:3] != b"\0\0\x08" or not 1 <= n_dims <= 3 or len(content) < start:
        raise DataError(f"{path} is not an idx file of bytes (its first four bytes are {content[:4]!r}); get it again")
    shape = tuple(int.from_bytes(content[4 + 4 * d : 8 + 4 * d], "big") for d in range(n_dims))
    if len(content) - start != int(np.prod(shape)):
        raise DataError(f"{path} is cut short: its header promises {shape}, {len(content) - start} bytes follow")
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)


def _npz(path: Path) -> Dataset:
    if not path.is_file():
        raise DataError(f"data file {path} does not exist; name an .npz file or one of {', '.join(BUILT_IN)}")
    try:
        with np.load(path, allow_pickle=False) as file:
            missing = [key for key in _IDX_FILES if key not in file.files]
            if missing:
                raise DataError(
                    f"{path} has no {', '.join(missing)}: it needs x_train, y_train, x_test, y_test, and holds"
                    f" {', '.join(file.files) or 'nothing'}"
                )
            arrays = {key: np.asarray(file[key]) for key in _IDX_FILES}
    except (OSError, EOFError, zipfile.BadZipFile, zlib.error, RuntimeError, TypeError, ValueError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"{path} cannot be read ({error}): it is cut short or no .npz file; write it again") from None
    return _from_arrays(path.stem, arrays, str(path), byte_range=False)


def _from_arrays(name: str, arrays: dict[str, NDArray[Any]], origin: str, byte_range: bool) -> Dataset:
    """Check four arrays and wrap them. byte_range: 0..255 means 0..1, whatever values occur."""
    inputs = {}
    for part in ("train", "test"):
        x, y = arrays[f"x_{part}"], arrays[f"y_{part}"]
        _check_inputs(f"{origin}: x_{part}", x)
        _check_labels(f"{origin}: y_{part}", y, len(x))
        inputs[part] = x.reshape(len(x), -1)
    if inputs["train"].shape[1] != inputs["test"].shape[1]:
        widths = [inputs[part].shape[1] for part in ("train", "test")]
        raise DataError(f"{origin}: x_train has {widths[0]} values per sample, x_test {widths[1]}; they must be equal")
    n_classes = int(arrays["y_train"].max()) + 1
    unknown = int(arrays["y_test"].max())
    if unknown >= n_classes:
        raise DataError(
            f"{origin}: y_test holds label {unknown}, but y_train only has 0 to {n_classes - 1}; train on every class"
        )
    if n_classes < 2:
        raise DataError(f"{origin}: y_train holds one class only; at least two are needed")
    if byte_range or inputs["train"].dtype == np.uint8:
        low, high = 0.0, 255.0
    else:
        low, high = float(inputs["train"].min()), float(inputs["train"].max())
        if low == high:
            raise DataError(f"{origin}: every value of x_train is {low:g}; there is nothing to learn from")
        if low >= 0 and high <= 1:
            low, high = 0.0, 1.0
    train, test = (Samples(inputs[p], arrays[f"y_{p}"].astype(np.int64), low, high) for p in ("train", "test"))
    return Dataset(name, train, test, n_classes, origin, _image_shape(arrays["x_train"].shape[1:]))


def _image_shape(shape: tuple[int, ...]) -> tuple[int, int, int] | None:
    """Channels, height, width of samples stored as (height, width) or (height, width, channels); None of others."""
    if len(shape) == 2:
        return (1, shape[0], shape[1])
    return (shape[2], shape[0], shape[1]) if len(shape) == 3 else None


def _check_inputs(what: str, x: NDArray[np.generic]) -> None:
    if x.ndim < 2 or len(x) == 0 or x.size == 0:
        raise DataError(f"{what} has shape {x.shape}; it must be (samples, ...) with at least one sample")
    if x.dtype.kind not in "uifb":
        raise DataError(f"{what} is of type {x.dtype}; it must hold numbers")
    if x.dtype.kind == "f" and not np.isfinite(x).all():
        sample = int(np.argmax(~np.isfinite(x).reshape(len(x), -1).all(axis=1)))
        raise DataError(f"{what} holds NaN or infinity (first in sample {sample}); every value must be finite")


def _check_labels(what: str, y: NDArray[np.generic], n: int) -> None:
    if y.shape != (n,):
        raise DataError(f"{what} has shape {y.shape}; it must be ({n},), one label per sample")
    if y.dtype.kind not in "ui" and not (y.dtype.kind == "f" and np.array_equal(y, np.round(y.astype(np.float64)))):
        raise DataError(f"{what} is of type {y.dtype}; labels must be whole numbers from 0")
    low, high = float(y.min()), float(y.max())
    if low < 0 or high > 65535:
        raise DataError(
            f"{what} holds label {low if low < 0 else high:g}; labels must be whole numbers from 0 to 65535"
        )
