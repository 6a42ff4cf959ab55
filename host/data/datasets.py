"""Data sets: what there is, where it was looked for, and samples scaled to [0, 1]."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from host.data.cifar10 import ORIGIN as CIFAR10_ORIGIN
from host.data.cifar10 import find_cifar10, read_cifar10
from host.data.folders import data_folders, find_mnist
from host.data.formats import dataset_of, read_idx_folder, read_npz
from host.data.mnist16 import mnist16
from host.data.samples import Dataset, Samples
from host.data.yinyang import yinyang
from host.errors import DataError
from host.near import did_you_mean
from host.settings import BUILT_IN
from nonideality import stream


def load(name: str, data_dir: str | None = None) -> Dataset:
    """One of BUILT_IN, an .npz file or a folder with the four idx files. Raises DataError."""
    if name == "digits":
        return _digits()
    if name == "yinyang":
        return yinyang()
    if name == "mnist":
        return _mnist(data_dir)
    if name == "cifar10":
        return _cifar10(data_dir)
    if name == "mnist16":
        return mnist16(_mnist(data_dir))
    path = Path(name).expanduser()
    if path.is_dir():
        return read_idx_folder(path, path.name)
    if path.suffix == ".npz":
        return read_npz(path)
    raise DataError(
        f"unknown data set {name!r}: {did_you_mean(name, BUILT_IN)}choose {', '.join(BUILT_IN)}, an .npz file"
        " with x_train, y_train, x_test, y_test, or a folder with the four idx .gz files (see 'chipsim data')"
    )


def _mnist(data_dir: str | None) -> Dataset:
    folder, looked = find_mnist(data_dir)
    if folder is None:
        places = ", ".join(map(str, looked)) or "nowhere: neither --data-dir nor CHIPSIM_DATA is set"
        raise DataError(f"mnist not found (looked in {places}): put its four idx .gz files there (see 'chipsim data')")
    return read_idx_folder(folder, "mnist")


def _cifar10(data_dir: str | None) -> Dataset:
    folder, looked = find_cifar10(data_folders(data_dir))
    if folder is None:
        places = ", ".join(map(str, looked)) or "nowhere: neither --data-dir nor CHIPSIM_DATA is set"
        raise DataError(f"cifar10 not found (looked in {places}): put its two .npz files there (see 'chipsim data')")
    return dataset_of("cifar10", read_cifar10(folder), CIFAR10_ORIGIN, byte_range=True)


def _digits() -> Dataset:
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    order = stream("digits split").permutation(len(labels))
    n_test = 450
    raw = images.astype(np.uint8)
    samples = [Samples(raw[part], labels[part].astype(np.int64), 0, 16) for part in (order[n_test:], order[:n_test])]
    origin = "scikit-learn's load_digits (8x8, 1,797 images; UCI)"
    return Dataset("digits", samples[0], samples[1], 10, origin, (1, 8, 8))
