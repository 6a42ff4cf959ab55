"""A teacher from an ONNX file: the network that it holds, and onnxruntime, which computes its activations."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from chipsim.design import from_image
from host.data import Dataset
from host.errors import TeacherError
from host.teachers.network import Network
from host.teachers.onnx.file import changed, file_digest, read_model
from host.teachers.onnx.network import ReadNetwork, read_network
from host.teachers.onnx.session import Session


class OnnxForward:
    """Computes the activations of an ONNX model's layers, in the chip's order."""

    def __init__(self, read: ReadNetwork, source: str) -> None:
        self.fidelity = read.fidelity
        self._feed = read.feed
        self._session = Session(read.runnable, read.taps, source)

    def __call__(self, values: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        return [from_image(each) if each.ndim == 4 else each for each in self._session.run(self._feed(values))]


def read_onnx(path: Path, digest: str | None = None) -> tuple[Network, OnnxForward]:
    """The network in the file, and what computes it. Raises TeacherError; also if the file's digest is another."""
    found = file_digest(path)
    if digest is not None and found != digest:
        raise changed(path, found, digest)
    read = read_network(read_model(path), path)
    return read.network, OnnxForward(read, str(path))


def check_fits(network: Network, dataset: Dataset, source: str) -> None:
    """Raises TeacherError if `network` does not take this data set's samples or has not an output for each class."""
    n_classes = network.sizes[-1]
    if n_classes != dataset.n_classes:
        raise TeacherError(
            f"{source}: has {n_classes} outputs, but {dataset.name} has {dataset.n_classes} classes; name the data set"
            " that it was trained on with --dataset"
        )
    own = dataset.image_shape or (dataset.n_in, 1, 1)
    taken = network.input_shape
    as_vector = taken == (dataset.n_in, 1, 1) and own[0] in (1, dataset.n_in)  # colours have no one order in a vector
    if taken != own and not as_vector:
        raise TeacherError(
            f"{source}: takes {_sides(taken)} values, but {dataset.name} has {_sides(own)}; name the data set that it"
            " was trained on with --dataset, or export it for these"
        )


def _sides(shape: tuple[int, int, int]) -> str:
    return str(shape[0]) if shape[1:] == (1, 1) else "x".join(map(str, shape))
