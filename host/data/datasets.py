"""Data sets: what there is, where it was looked for, and samples scaled to [0, 1]."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from chipsim.reading import UnreadableError, expanded
from host.data.cifar10 import SHAPE as CIFAR10_SHAPE
from host.data.cifar10 import TEST as CIFAR10_TEST
from host.data.cifar10 import TRAIN as CIFAR10_PARTS
from host.data.cifar10 import find_cifar10, read_cifar10, unpack_cifar10
from host.data.digits import read_digits
from host.data.event_recordings import NMnist, holds_events, read_recordings
from host.data.folders import data_folders, mnist_in, told_places
from host.data.formats import dataset_of, names_in, read_idx_folder, read_npz
from host.data.mirrors import CIFAR10, MNIST
from host.data.mnist16 import mnist16
from host.data.notes import notes_on
from host.data.samples import Dataset, Samples
from host.data.scaling import parts_of, rescaled
from host.data.source import DataPlace, DataSource
from host.data.spoken_digits import SpokenDigits
from host.data.windows import in_windows
from host.data.yinyang import yinyang
from host.errors import DataError, DataWarning
from host.files import is_folder
from host.near import did_you_mean
from host.settings import AUTO, DATA_SOURCES, DATASET_DEFAULTS
from nonideality import stream


class Digits(DataSource):
    """Of scikit-learn."""

    name = "digits"
    about = "8x8 handwritten digits, 1,347 training and 450 test images, 10 classes"
    comes = "comes with scikit-learn"
    settings = DATASET_DEFAULTS["digits"]

    def load(self, folder: Path | None) -> Dataset:
        raw, labels = read_digits()
        order = stream("digits split").permutation(len(labels))
        n_test = 450
        train, test = (Samples(raw[part], labels[part], 0, 16) for part in (order[n_test:], order[:n_test]))
        return Dataset(self.name, train, test, 10, "scikit-learn's load_digits (8x8, 1,797 images; UCI)", (1, 8, 8))


class Mnist(DataSource):
    """As its four files have it."""

    name = "mnist"
    about = "28x28 handwritten digits, 60,000 training and 10,000 test images, 10 classes"
    files = "its four idx .gz files"
    how_to_get = (
        "'chipsim data get mnist'; or put its four idx .gz files into DIR or DIR/mnist, then name DIR with --data-dir"
        " or CHIPSIM_DATA"
    )
    downloads = MNIST
    settings = DATASET_DEFAULTS["mnist"]

    def find(self, folders: Sequence[Path]) -> DataPlace | None:
        return DataPlace(*mnist_in(folders))

    def load(self, folder: Path | None) -> Dataset:
        assert folder is not None, "it needs files"
        return read_idx_folder(folder, "mnist")


class Mnist16(Mnist):
    """Made of the same files."""

    name = "mnist16"
    files_of = "mnist"
    about = "mnist cropped to 24x24 and zoomed to 16x16, as BrainScaleS-2 was shown it (Cramer et al. 2022)"
    settings = DATASET_DEFAULTS["mnist16"]

    def load(self, folder: Path | None) -> Dataset:
        return mnist16(super().load(folder))


class YinYang(DataSource):
    """Drawn from its seeds."""

    name = "yinyang"
    about = "points in the Yin-Yang symbol, 4 inputs, 5,000 training and 1,000 test samples, 3 classes"
    settings = DATASET_DEFAULTS["yinyang"]

    def load(self, folder: Path | None) -> Dataset:
        return yinyang()


class Cifar10(DataSource):
    """As many parts of it as there are."""

    name = "cifar10"
    about = "32x32 colour images, up to 50,000 training images in five parts and 10,000 test images, 10 classes"
    image_shape = CIFAR10_SHAPE
    files = "its .npz files"
    how_to_get = (
        "'chipsim data get cifar10'; or make cifar10_train_1.npz to cifar10_train_5.npz, or some of them, and"
        " cifar10_test.npz, each with x (n, 32, 32, 3) bytes and y (n,), put them into DIR or DIR/cifar10, then name"
        " DIR with --data-dir or CHIPSIM_DATA"
    )
    downloads = (CIFAR10,)
    made = (*CIFAR10_PARTS, CIFAR10_TEST)
    made_bytes = len(made) * 31_000_000
    settings = DATASET_DEFAULTS["cifar10"]

    def find(self, folders: Sequence[Path]) -> DataPlace | None:
        return DataPlace(*find_cifar10(list(folders)))

    def load(self, folder: Path | None) -> Dataset:
        assert folder is not None, "it needs files"
        arrays, origin = read_cifar10(folder)
        return dataset_of("cifar10", arrays, origin, byte_range=True)

    def unpack(self, folder: Path) -> None:
        unpack_cifar10(folder / CIFAR10.name, folder)


DATA_SOURCES.provide(DataSource, ("about",), (Digits, Mnist, Mnist16, YinYang, Cifar10, NMnist, SpokenDigits))


def source_named(name: str) -> type[DataSource]:
    """The data set called `name`. Raises DataError."""
    found: type[DataSource] = DATA_SOURCES.get(name)
    return found


def place_of(source: DataSource, data_dir: str | None) -> DataPlace | None:
    """Where a data set's files are; None if it needs none. Raises DataError if its package is broken."""
    return place_among(source, data_folders(data_dir))


def place_among(source: DataSource, folders: Sequence[Path]) -> DataPlace | None:
    """As `place_of`, in these folders."""
    with DATA_SOURCES.blamed(source.name, "cannot look for its files"):
        return source.find(folders)


def load(name: str, data_dir: str | None = None, scale: str = AUTO, windows: int = 1) -> Dataset:
    """A data set by its name, an .npz file or a folder with the four idx files; scale: see `RunSpec.scale`.

    windows: of a sample, into which its time, or else its values are cut in order. What seems wrong with it is warned
    of (DataWarning), and kept in its notes. Raises DataError.
    """
    dataset = in_windows(rescaled(_as_stored(name, data_dir, windows), scale), windows)
    dataset = replace(dataset, notes=notes_on(dataset))
    can_be_learned = len(dataset.train) > 1 or dataset.valid is not None  # else a run refuses it, which is enough
    for note in dataset.notes if can_be_learned else ():
        warnings.warn(f"{name}: {note}", DataWarning, stacklevel=2)
    return dataset


def _as_stored(name: str, data_dir: str | None, windows: int) -> Dataset:
    if DATA_SOURCES.offers(name):
        return _by_name(name, data_dir, windows)
    path = path_of(name)
    if is_folder(path):
        return read_idx_folder(path, path.name)
    if path.suffix == ".npz":
        return read_recordings(path, windows) if holds_events(names_in(path)) else read_npz(path)
    known = DATA_SOURCES.names()
    raise DataError(
        f"unknown data set {name!r}: {did_you_mean(name, known)}choose {', '.join(known)}, an .npz file"
        " with x_train, y_train, x_test, y_test or with events, or a folder with the four idx .gz files (see 'chipsim"
        " data')"
    )


def path_of(name: str) -> Path:
    """The file or folder that a data set's name means. Raises DataError."""
    try:
        return expanded(name)
    except UnreadableError as error:
        raise DataError(f"data set {name}: {error}") from None


def _by_name(name: str, data_dir: str | None, windows: int) -> Dataset:
    source: DataSource = DATA_SOURCES.make(name)
    place = place_of(source, data_dir)
    if place is not None and place.folder is None:
        missing = source.files_of or name
        get = f"'chipsim data get {missing}' gets it, or " if source.downloads else ""
        places = told_places(place.looked_in)
        raise DataError(f"{missing} not found (looked in {places}): {get}put {source.files} there (see 'chipsim data')")
    with DATA_SOURCES.blamed(name, "cannot be read"):
        dataset = source.load_windows(None if place is None else place.folder, windows)
        if name not in DATA_SOURCES.built_in:
            _check(dataset)
    return dataset


def _check(dataset: Dataset) -> None:
    """Raises TypeError or ValueError if what another package has loaded is no data set."""
    if not isinstance(dataset, Dataset):
        raise TypeError(f"load() gives a {type(dataset).__name__}, not a host.data.Dataset")
    for part, samples in parts_of(dataset).items():
        raw, labels = samples.raw, samples.labels
        if (
            raw.ndim != 2
            or raw.shape[1] != dataset.n_in * dataset.windows
            or raw.size == 0
            or raw.dtype.kind not in "uifb"
        ):
            raise ValueError(
                f"{part}.raw is {raw.dtype} {raw.shape}; it must be numbers (samples, {dataset.train.raw.shape[1]})"
            )
        if labels.shape != (len(raw),) or labels.dtype != np.int64:
            raise ValueError(f"{part}.labels are {labels.dtype} {labels.shape}; they must be int64 ({len(raw)},)")
        if labels.min() < 0 or labels.max() >= dataset.n_classes:
            raise ValueError(f"{part}.labels go from {labels.min()} to {labels.max()}, of {dataset.n_classes} classes")
        if not (samples.scales and np.isfinite(raw).all()):
            raise ValueError(f"{part} must hold finite numbers, and low {samples.low} be below high {samples.high}")
    if dataset.n_classes < 2:
        raise ValueError(f"{dataset.n_classes} classes; at least two are needed")
