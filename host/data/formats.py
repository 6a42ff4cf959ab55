"""Reads data sets from .npz files and from the four idx files of MNIST."""

from __future__ import annotations

import gzip
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from host.data.samples import Dataset, Samples
from host.errors import DataError
from host.settings import DATA_SOURCES

IDX_FILES = {
    "x_train": "train-images-idx3-ubyte.gz",
    "y_train": "train-labels-idx1-ubyte.gz",
    "x_test": "t10k-images-idx3-ubyte.gz",
    "y_test": "t10k-labels-idx1-ubyte.gz",
}


def read_idx_folder(folder: Path, name: str) -> Dataset:
    arrays: dict[str, NDArray[Any]] = {key: _read_idx(folder / file) for key, file in IDX_FILES.items()}
    return dataset_of(name, arrays, str(folder), byte_range=True)


def _read_idx(path: Path) -> NDArray[np.uint8]:
    """One idx file of unsigned bytes: magic 0 0 8 ndim, big-endian sizes, data."""
    if not path.is_file():
        raise DataError(f"{path} is missing: the folder needs {', '.join(IDX_FILES.values())}")
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


def read_npz(path: Path) -> Dataset:
    if not path.is_file():
        raise DataError(
            f"data file {path} does not exist; name an .npz file or one of {', '.join(DATA_SOURCES.names())}"
        )
    try:
        with np.load(path, allow_pickle=False) as file:
            missing = [key for key in IDX_FILES if key not in file.files]
            if missing:
                raise DataError(
                    f"{path} has no {', '.join(missing)}: it needs x_train, y_train, x_test, y_test, and holds"
                    f" {', '.join(file.files) or 'nothing'}"
                )
            arrays = {key: np.asarray(file[key]) for key in IDX_FILES}
    except (OSError, EOFError, zipfile.BadZipFile, zlib.error, RuntimeError, TypeError, ValueError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"{path} cannot be read ({error}): it is cut short or no .npz file; write it again") from None
    return dataset_of(path.stem, arrays, str(path), byte_range=False)


def dataset_of(name: str, arrays: dict[str, NDArray[Any]], origin: str, byte_range: bool) -> Dataset:
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
