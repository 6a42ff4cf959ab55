"""Reads data sets from .npz files and from the four idx files of MNIST."""

from __future__ import annotations

import gzip
import math
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chipsim.reading import UnreadableError, open_file
from host.data.samples import Dataset, Samples
from host.data.scaling import check_scales, usual_ends
from host.errors import DataError
from host.faults import is_of_the_system
from host.files import is_missing
from host.settings import DATA_SOURCES
from host.stored_arrays import Allowance, Npz, fill, npz, size_of

IDX_FILES = {
    "x_train": "train-images-idx3-ubyte.gz",
    "y_train": "train-labels-idx1-ubyte.gz",
    "x_test": "t10k-images-idx3-ubyte.gz",
    "y_test": "t10k-labels-idx1-ubyte.gz",
}
VALIDATION = ("x_valid", "y_valid")  # which an .npz file may have, too
_MORE = 1 << 16  # bytes looked for behind an idx file's end
_MANY_CLASSES = 1024  # from which on most of them must have samples


def read_idx_folder(folder: Path, name: str) -> Dataset:
    arrays: dict[str, NDArray[Any]] = {key: _read_idx(folder / file) for key, file in IDX_FILES.items()}
    return dataset_of(name, arrays, str(folder), byte_range=True)


def _read_idx(path: Path) -> NDArray[np.uint8]:
    """One idx file of unsigned bytes: magic 0 0 8 ndim, big-endian sizes, data. Raises DataError."""
    if is_missing(path):
        raise DataError(f"{path} is missing: the folder needs {', '.join(IDX_FILES.values())}")
    try:
        with open_file(path) as packed:
            allowance = Allowance(size_of(packed))
            with gzip.open(packed) as file:
                return _idx_array(file, allowance, path)
    except UnreadableError as error:
        raise DataError(f"{path} cannot be read: {error}") from None
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path} cannot be read ({error}): it is cut short or no gzip file; get it again") from None


def _idx_array(file: gzip.GzipFile, allowance: Allowance, path: Path) -> NDArray[np.uint8]:
    start = file.read(4)
    n_dims = start[3] if len(start) == 4 else 0
    sizes = file.read(4 * n_dims)
    if start[:3] != b"\0\0\x08" or not 1 <= n_dims <= 3 or len(sizes) < 4 * n_dims:
        raise DataError(f"{path} is not an idx file of bytes (its first four bytes are {start!r}); get it again")
    shape = tuple(int.from_bytes(sizes[4 * d : 4 * d + 4], "big") for d in range(n_dims))
    allowance.take(math.prod(shape), f"what its header promises, {shape},")
    content = np.empty(math.prod(shape), np.uint8)
    follow = fill(content, file)
    follow += len(file.read(_MORE))  # to the end of the file, where its checksum stands
    if follow != len(content):
        raise DataError(
            f"{path} is cut short: its header promises {shape}, {'at least ' if follow >= _MORE else ''}{follow} bytes"
            " follow"
        )
    return content.reshape(shape)


def names_in(path: Path) -> list[str]:
    """Of the arrays in an .npz file. Raises DataError."""
    if is_missing(path):
        raise DataError(
            f"data file {path} does not exist; name an .npz file or one of {', '.join(DATA_SOURCES.names())}"
        )
    with opened_npz(path) as file:
        return file.names


def read_npz(path: Path) -> Dataset:
    with opened_npz(path) as file:
        missing = [key for key in IDX_FILES if key not in file.names]
        if missing:
            raise DataError(
                f"{path} has no {', '.join(missing)}: it needs x_train, y_train, x_test, y_test, may have x_valid and"
                f" y_valid, and holds {', '.join(file.names) or 'nothing'}"
            )
        own = [key for key in VALIDATION if key in file.names]
        if len(own) == 1:
            raise DataError(f"{path} has {own[0]} alone: a validation set is both {' and '.join(VALIDATION)}")
        arrays = {key: file.read(key) for key in (*IDX_FILES, *own)}
    return dataset_of(path.stem, arrays, str(path), byte_range=False)


def sample_shape(path: Path) -> tuple[int, ...] | None:
    """Of one sample of an .npz file, as its header says it: nothing else is read. None if it is no such file.

    Raises DataError if the system does not let it be read: next time it may, and other settings would follow.
    """
    try:
        with opened_npz(path) as file:
            return file.header("x_train").shape[1:] if "x_train" in file.names else None
    except DataError as error:
        if is_of_the_system(error):
            raise
        return None  # told when the data are loaded


@contextmanager
def opened_npz(path: Path, remedy: str = "write it again") -> Iterator[Npz]:
    """The arrays in an .npz file. Raises DataError, whenever something turns out to be wrong with it."""
    try:
        with open_file(path) as content, npz(content) as file:
            yield file
    except UnreadableError as error:
        raise DataError(f"{path} cannot be read ({error}); {remedy}") from None


def dataset_of(name: str, arrays: dict[str, NDArray[Any]], origin: str, byte_range: bool) -> Dataset:
    """Check x_train, y_train, x_test, y_test, perhaps x_valid and y_valid, and wrap them. Raises DataError.

    byte_range: 0..255 means 0..1, whatever values occur.
    """
    inputs, labels = {}, {}
    for part in ("train", "test", "valid") if VALIDATION[0] in arrays else ("train", "test"):
        x, y = arrays[f"x_{part}"], arrays[f"y_{part}"]
        _check_inputs(f"{origin}: x_{part}", x)
        _check_labels(f"{origin}: y_{part}", y, len(x))
        inputs[part], labels[part] = x.reshape(len(x), -1), y.astype(np.int64)
    n_classes = _n_classes(labels, origin)
    for part, x in inputs.items():
        if x.shape[1] != inputs["train"].shape[1]:
            widths = inputs["train"].shape[1], x.shape[1]
            raise DataError(
                f"{origin}: x_train has {widths[0]} values per sample, x_{part} {widths[1]}; they must be equal"
            )
    low, high = usual_ends(inputs["train"], byte_range, origin)
    parts = {part: Samples(x, labels[part], low, high) for part, x in inputs.items()}
    check_scales(parts["train"], origin)
    shape = image_shape(arrays["x_train"].shape[1:])
    return Dataset(name, parts["train"], parts["test"], n_classes, origin, shape, parts.get("valid"))


def _n_classes(labels: dict[str, NDArray[np.int64]], origin: str) -> int:
    """How many classes there are; all must be known from the training set. Raises DataError."""
    n_classes = int(labels["train"].max()) + 1
    for part, y in labels.items():
        if (unknown := int(y.max())) >= n_classes:
            raise DataError(
                f"{origin}: y_{part} holds label {unknown}, but y_train only has 0 to {n_classes - 1}; train on every"
                " class"
            )
    if n_classes < 2:
        raise DataError(f"{origin}: y_train holds one class only; at least two are needed")
    there = len(np.unique(labels["train"]))
    if n_classes > _MANY_CLASSES and 2 * there < n_classes:
        raise DataError(
            f"{origin}: y_train holds label {n_classes - 1}, which makes {n_classes:,} outputs, but only {there:,}"
            " different ones: number the classes from 0, as np.unique(y, return_inverse=True) does"
        )
    return n_classes


def image_shape(shape: tuple[int, ...]) -> tuple[int, int, int] | None:
    """Channels, height, width of samples stored as (height, width) or (height, width, channels); None of others."""
    if len(shape) == 2:
        return (1, shape[0], shape[1])
    return (shape[2], shape[0], shape[1]) if len(shape) == 3 else None


def _check_inputs(what: str, x: NDArray[np.generic]) -> None:
    if x.ndim < 2 or len(x) == 0 or x.size == 0:
        raise DataError(f"{what} has shape {x.shape}; it must be (samples, ...) with at least one sample")
    if x.dtype.kind not in "uifb":
        raise DataError(f"{what} is of type {x.dtype}; it must hold numbers")
    if x.dtype.itemsize > 8:
        raise DataError(f"{what} is of type {x.dtype}, of which float64 holds a part only; store it as float64")
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
