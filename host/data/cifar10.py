"""CIFAR-10 as .npz files: the parts of its 50,000 training images that are there, of five, and 10,000 test images.

A. Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", University of Toronto, 2009.
"""

from __future__ import annotations

import hashlib
import tarfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from host.data.formats import opened_npz
from host.data.mirrors import CIFAR10_BATCHES
from host.errors import DataError
from host.files import replacing

TRAIN = tuple(f"cifar10_train_{number}.npz" for number in range(1, 6))  # data_batch_1 to 5
TEST = "cifar10_test.npz"
SHAPE = (3, 32, 32)  # channels, height, width
_CLASSES = 10
_BATCH, _RECORD = 10_000, 1 + 3 * 32 * 32  # images of a file in the archive; bytes of each, its class ahead


def find_cifar10(folders: list[Path]) -> tuple[Path | None, list[Path]]:
    """The folder that holds the test images and a part of the training images, if any, and all that were looked at."""
    looked = [folder for base in folders for folder in (base / "cifar10", base)]
    found = [folder for folder in looked if (folder / TEST).is_file() and _parts(folder)]
    return (found[0] if found else None), looked


def read_cifar10(folder: Path) -> tuple[dict[str, NDArray[Any]], str]:
    """x_train, x_test (n, 32, 32, 3) bytes, y_train, y_test (n,), in the order of the parts; and what they are.

    Raises DataError.
    """
    parts = _parts(folder)
    read = [_read(folder / TRAIN[number - 1]) for number in parts]
    _check_different(folder, parts, read)
    images, labels = (np.concatenate(arrays) for arrays in zip(*read, strict=True))
    test_images, test_labels = _read(folder / TEST)
    arrays = {"x_train": images, "y_train": labels, "x_test": test_images, "y_test": test_labels}
    missing = [number for number in range(1, len(TRAIN) + 1) if number not in parts]
    there = f"; {_named(missing)} not there ('chipsim data get cifar10' makes what is missing)" if missing else ""
    return arrays, (
        f"CIFAR-10 (Krizhevsky 2009): {_named(parts)} of {len(TRAIN)}, {len(images):,} training images;"
        f" {len(test_images):,} test images{there}"
    )


def unpack_cifar10(archive: Path, folder: Path) -> None:
    """Make the six .npz files, if they are not there, of the archive cifar-10-binary.tar.gz. Raises DataError."""
    made = dict(zip(CIFAR10_BATCHES, (*TRAIN, TEST), strict=True))
    try:
        with tarfile.open(archive, "r:gz") as packed:
            for member in packed:
                name = made.get(Path(member.name).name)
                if name is not None and member.isfile() and not (folder / name).exists():
                    _write(_batch(packed.extractfile(member), Path(member.name).name, archive), folder / name)
    except (tarfile.TarError, EOFError, zlib.error) as error:
        raise DataError(f"{archive} cannot be read ({error}); get it again") from None
    if missing := [batch for batch, name in made.items() if not (folder / name).is_file()]:
        raise DataError(f"{archive} has no {', '.join(missing)}; get it again")


def _batch(file: Any, name: str, archive: Path) -> NDArray[np.uint8]:
    """Records (10000, 3073) of a file in the archive. Raises DataError if they are not the published ones."""
    content = file.read(_BATCH * _RECORD + 1)
    if hashlib.sha256(content).hexdigest() != CIFAR10_BATCHES[name]:
        raise DataError(f"{archive}: {name} is not the published file (another SHA-256); get it again")
    return np.frombuffer(content, np.uint8).reshape(_BATCH, _RECORD)


def _write(records: NDArray[np.uint8], path: Path) -> None:
    images = records[:, 1:].reshape(-1, *SHAPE).transpose(0, 2, 3, 1)
    with replacing(path) as beside, open(beside, "wb") as file:
        np.savez(file, x=np.ascontiguousarray(images), y=records[:, 0])


def _parts(folder: Path) -> list[int]:
    """The numbers, from 1, of the parts of the training images that are there."""
    return [number for number, file in enumerate(TRAIN, 1) if (folder / file).is_file()]


def _named(parts: list[int]) -> str:
    return f"part {parts[0]}" if len(parts) == 1 else f"parts {', '.join(map(str, parts))}"


def _check_different(folder: Path, parts: list[int], read: list[tuple[NDArray[np.uint8], NDArray[Any]]]) -> None:
    """Raises DataError if two parts hold the same images: one would be validated on what the other teaches."""
    for later in range(1, len(read)):
        for earlier in range(later):
            (images, labels), (others, their_labels) = read[later], read[earlier]
            if np.array_equal(labels, their_labels) and np.array_equal(images, others):
                names = TRAIN[parts[earlier] - 1], TRAIN[parts[later] - 1]
                raise DataError(f"{folder}: {names[0]} and {names[1]} hold the same images; get one of them again")


def _read(path: Path) -> tuple[NDArray[np.uint8], NDArray[Any]]:
    with opened_npz(path, "get it again") as file:
        if missing := [name for name in ("x", "y") if name not in file.names]:
            raise DataError(
                f"{path} cannot be read (no {' and no '.join(missing)}): it needs x (n, 32, 32, 3) and y (n,); get it"
                " again"
            )
        images, labels = file.read("x"), file.read("y")
    if images.dtype != np.uint8 or images.shape[1:] != (32, 32, 3):
        raise DataError(f"{path}: x is {images.dtype} {images.shape}; it must be uint8 (n, 32, 32, 3); get it again")
    if labels.shape != (len(images),):
        raise DataError(f"{path}: y has shape {labels.shape}; it must be ({len(images)},), one label per sample")
    if len(images) == 0:
        raise DataError(f"{path}: x holds no image; get it again")
    if labels.dtype.kind not in "ui" or labels.min() < 0 or labels.max() >= _CLASSES:
        raise DataError(
            f"{path}: y is {labels.dtype}, {labels.min()} to {labels.max()}; it must be whole numbers from 0 to"
            f" {_CLASSES - 1}; get it again"
        )
    return images, labels
