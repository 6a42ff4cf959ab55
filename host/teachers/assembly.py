"""Puts a network together from the operations of a file or a module, in their order, and says what cannot be mapped.

A chip's layer is a weighted sum and a rectifier: its neurons do both, so the two come together, with batch
normalisation at most between them. Every refusal names the operation as its file does.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from host.errors import TeacherError
from host.network import AveragePool, Dense, Flatten, Layer, Network, Shape, Weighted
from host.teachers.batch_norm import folded


class Assembly:
    """Layers so far, and for each the name of the value that holds its activations."""

    def __init__(self, input_shape: Shape) -> None:
        self.input_shape = input_shape
        self.layers: list[Layer] = []
        self.taps: list[str] = []
        self._shape = input_shape
        self._sum: str | None = None  # the operation that is a weighted sum without a rectifier as yet

    def weighted(self, layer: Weighted, name: str, tap: str) -> None:
        self._rectified_before(name)
        self._append(layer, name, tap)
        self._sum = name

    def shifted(self, values: NDArray[np.float32], name: str, tap: str) -> None:
        """A constant added to each output; values: (n_out,)."""
        layer = self._sum_to_change(name, "an added constant")
        self._replace(layer.scaled(np.ones(len(layer.bias)), values.astype(np.float64)), name, tap)

    def normalised(
        self,
        scale: NDArray[np.float32],
        shift: NDArray[np.float32],
        mean: NDArray[np.float32],
        variance: NDArray[np.float32],
        epsilon: float,
        name: str,
        tap: str,
    ) -> None:
        layer = self._sum_to_change(name, "batch normalisation")
        if not all(each.shape == layer.bias.shape for each in (scale, shift, mean, variance)):
            raise TeacherError(f"{name}: has {len(scale)} channels, the layer before it {len(layer.bias)}")
        if not (variance + epsilon > 0).all():
            raise TeacherError(f"{name}: holds a variance that is not positive: train the network again")
        self._replace(folded(layer, scale, shift, mean, variance, epsilon), name, tap)

    def rectified(self, name: str, tap: str) -> None:
        """After anything but a weighted sum a rectifier changes nothing, since no value is negative there."""
        if self._sum is not None:
            self.taps[-1] = tap
            self._sum = None

    def clipped(self, name: str, tap: str) -> None:
        if self._sum is None:
            raise TeacherError(
                f"{name}: clips what no weighted sum gave: neurons clip right after a Conv, Gemm or MatMul; move it there"
            )
        self.rectified(name, tap)

    def pooled(self, layer: AveragePool, name: str, tap: str) -> None:
        self._rectified_before(name)
        self._append(layer, name, tap)

    def flattened(self, name: str, tap: str) -> None:
        self._rectified_before(name)
        if len(self._shape) > 1:
            self._append(Flatten(), name, tap)

    def finished(self, source: str) -> Network:
        """The network. Raises TeacherError if its last layer is not fully connected."""
        if not self.layers or not isinstance(self.layers[-1], Dense):
            last = type(self.layers[-1]).__name__ if self.layers else "nothing"
            raise TeacherError(f"{source}: ends with {last}: the last layer must be fully connected, one output per class")
        return Network(self.input_shape, tuple(self.layers))

    def _append(self, layer: Layer, name: str, tap: str) -> None:
        try:
            self._shape = layer.shape_after(self._shape)
        except TeacherError as error:
            raise TeacherError(f"{name}: {error}") from None
        self.layers.append(layer)
        self.taps.append(tap)

    def _replace(self, layer: Weighted, name: str, tap: str) -> None:
        self.layers[-1], self.taps[-1], self._sum = layer, tap, name

    def _rectified_before(self, name: str) -> None:
        if self._sum is not None:
            raise TeacherError(
                f"{name}: follows {self._sum} with no rectifier between them, but every neuron of a chip rectifies: put a"
                f" Relu right after {self._sum}"
            )

    def _sum_to_change(self, name: str, what: str) -> Weighted:
        layer = self.layers[-1] if self.layers else None
        if self._sum is None or not isinstance(layer, Weighted):
            raise TeacherError(
                f"{name}: {what} can only follow a Conv, Gemm or MatMul directly, whose weights take it in: move it"
                " there, before the rectifier"
            )
        return layer
