"""CIFAR-10 as two .npz files: the first 10,000 of the 50,000 training images, and all 10,000 test images.

A. Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", University of Toronto, 2009.
"""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from host.errors import DataError

FILES = {"train": "cifar10_train_1.npz", "test": "cifar10_test.npz"}
ORIGIN = "CIFAR-10 (Krizhevsky 2009): the first 10,000 of 50,000 training images, all 10,000 test images"


def find_cifar10(folders: list[Path]) -> tuple[Path | None, list[Path]]:
    """The folder that holds both files, if any, and all folders that were looked at."""
    looked = [folder for base in folders for folder in (base / "cifar10", base)]
    found = [folder for folder in looked if all((folder / file).is_file() for file in FILES.values())]
    return (found[0] if found else None), looked


def read_cifar10(folder: Path) -> dict[str, NDArray[Any]]:
    """x_train, x_test (n, 32, 32, 3) bytes, y_train, y_test (n,). Raises DataError."""
    arrays = {}
    for part, file in FILES.items():
        path = folder / file
        try:
            with np.load(path, allow_pickle=False) as stored:
                images, labels = stored["x"], stored["y"]
        except (OSError, EOFError, KeyError, zipfile.BadZipFile, zlib.error, ValueError) as error:
            raise DataError(
                f"{path} cannot be read ({error}): it needs x (n, 32, 32, 3) and y (n,); get it again"
            ) from None
        if images.dtype != np.uint8 or images.shape[1:] != (32, 32, 3):
            raise DataError(
                f"{path}: x is {images.dtype} {images.shape}; it must be uint8 (n, 32, 32, 3); get it again"
            )
        arrays[f"x_{part}"] = images
        arrays[f"y_{part}"] = labels
    return arrays
