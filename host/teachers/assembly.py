"""Puts a network together from the operations of a file or a module, in their order, and says what cannot be mapped.

A chip's layer is a weighted sum and a rectifier: its neurons do both, so the two come together, with batch
normalisation at most between them. Every refusal names the operation as its source does. Operations come in the usual
layout, channels first; the network leaves in the chip's.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from chipsim.design import AnyLayer, AveragePool, Convolution, Dense, Flatten, flattened_rows, kernel_rows, shapes_of
from host.errors import TeacherError
from host.teachers.batch_norm import folded
from host.teachers.network import Crossbar, ImageShape, Network, scaled


class Assembly:
    """Layers so far, and for each layer of synapses the name of the value that holds its activations."""

    def __init__(
        self, input_shape: ImageShape, rectifier: str = "a Relu", layer: str = "a Conv, Gemm or MatMul"
    ) -> None:
        """input_shape: channels, height, width; (n, 1, 1) for a vector. The source's own words are for errors."""
        self._words = rectifier, layer
        self.taps: list[str] = []
        self._input_shape = input_shape
        self._shape = input_shape  # after the last operation; (n, 1, 1) once flat
        self._image: ImageShape | None = None  # what the last Flatten made flat, until a layer takes it in
        self._layers: list[AnyLayer] = []
        self._weights: list[Crossbar | None] = []
        self._ceilings: list[float | None] = []
        self._sum: str | None = None  # the operation that is a weighted sum without a rectifier as yet

    def dense(self, weights: NDArray[np.float32], bias: NDArray[np.float32], name: str, tap: str) -> None:
        """weights: (n_out, n_in), of a flattened image channels first; bias: (n_out,)."""
        self._rectified_before(name)
        _check_arrays(weights, bias, 2, name)
        if self._shape[1:] != (1, 1):
            raise TeacherError(f"{name}: takes a vector, but gets {_text(self._shape)}: put a Flatten before it")
        if self._shape[0] != weights.shape[1]:
            raise TeacherError(f"{name}: takes {weights.shape[1]} inputs, but gets {self._shape[0]}")
        rows = flattened_rows(weights, self._image or self._shape)
        self._image = None
        self._synapses(Dense(units=len(bias)), (rows, bias), name, tap)
        self._sum = name

    def convolution(
        self,
        kernels: NDArray[np.float32],
        bias: NDArray[np.float32],
        stride: tuple[int, ...],
        padding: tuple[int, ...],
        name: str,
        tap: str,
    ) -> None:
        """kernels: (channels out, channels in, height, width); stride: (down, right); padding: one to four sides."""
        self._rectified_before(name)
        _check_arrays(kernels, bias, 4, name)
        if self._shape[0] != kernels.shape[1]:
            raise TeacherError(f"{name}: takes {kernels.shape[1]} channels, but gets {_text(self._shape)}")
        settings = {"channels": len(bias), "kernel": kernels.shape[2:], "stride": stride, "padding": padding}
        self._synapses(Convolution.model_validate(settings), (kernel_rows(kernels), bias), name, tap)
        self._sum = name

    def pool(self, kernel: tuple[int, ...], stride: tuple[int, ...], name: str, tap: str) -> None:
        self._rectified_before(name)
        self._synapses(AveragePool.model_validate({"kernel": kernel, "stride": stride}), None, name, tap)

    def global_pool(self, name: str, tap: str) -> None:
        self.pool(self._shape[1:], self._shape[1:], name, tap)

    def flatten(self, name: str) -> None:
        self._rectified_before(name)
        if self._shape[1:] != (1, 1):
            self._image = self._shape
            self._shape = (int(np.prod(self._shape)), 1, 1)
            self._layers.append(Flatten())

    def add(self, values: NDArray[np.float32], name: str, tap: str) -> None:
        """A constant added to each output; values: (columns,) or a single one."""
        crossbar = self._open(name, "an added constant")
        if values.size not in (1, len(crossbar[1])):
            raise TeacherError(
                f"{name}: adds {values.size} values to {len(crossbar[1])} outputs; it must be one for each"
            )
        shift = np.broadcast_to(values.astype(np.float64).reshape(-1), len(crossbar[1]))
        self._replace(scaled(crossbar, np.ones(len(shift)), shift), name, tap)

    def batch_norm(self, statistics: dict[str, NDArray[np.float32]], epsilon: float, name: str, tap: str) -> None:
        """statistics: scale, shift, mean and variance, (columns,) each."""
        crossbar = self._open(name, "batch normalisation")
        for what, values in statistics.items():
            if values.shape != crossbar[1].shape:
                raise TeacherError(f"{name}: its {what} is of {values.size} channels, not {len(crossbar[1])}")
        if not (statistics["variance"] + epsilon > 0).all():
            raise TeacherError(f"{name}: holds a variance that is not above zero: train the network again")
        self._replace(folded(crossbar, **statistics, epsilon=epsilon), name, tap)

    def rectifier(self, tap: str) -> None:
        """After anything but a weighted sum it changes nothing, since no value is negative there."""
        if self._sum is not None:
            self.taps[-1] = tap
            self._sum = None

    def scale(self, gain: NDArray[np.float64], name: str, tap: str) -> None:
        """Each output multiplied; gain: (columns,)."""
        crossbar = self._open(name, "a gain")
        self._replace(scaled(crossbar, gain, np.zeros(len(gain))), name, tap)

    def clip(self, ceiling: float, name: str, tap: str) -> None:
        """A rectifier with a ceiling, which may be infinite."""
        if self._sum is None:
            raise TeacherError(f"{name}: clips what is no weighted sum: move it right after {self._words[1]}")
        self.rectifier(tap)
        self._ceilings[-1] = ceiling if np.isfinite(ceiling) else None

    @property
    def shape(self) -> ImageShape:
        """After the last operation: channels, height, width; (n, 1, 1) once flat."""
        return self._shape

    def finished(self, source: str) -> Network:
        """The network. Raises TeacherError if its last layer is not fully connected."""
        if not self._layers or not isinstance(self._layers[-1], Dense):
            last = self._layers[-1].kind.replace("_", " ") if self._layers else "no layer"
            raise TeacherError(
                f"{source}: ends with {last}: the last layer must be fully connected, with one output per class"
            )
        return Network(self._input_shape, tuple(self._layers), self._weights, tuple(self._ceilings))

    def _synapses(self, layer: Any, crossbar: Crossbar | None, name: str, tap: str) -> None:
        if crossbar is not None and not all(np.isfinite(array).all() for array in crossbar):
            raise TeacherError(f"{name}: its weights hold NaN or infinity: train the network again")
        try:
            [shape] = shapes_of(self._shape, [layer])
        except ValueError as error:
            raise TeacherError(f"{name}: {str(error).partition(': ')[2]}") from None
        self._shape = shape.output
        self._layers.append(layer)
        self._weights.append(crossbar)
        self._ceilings.append(None)
        self.taps.append(tap)

    def _replace(self, crossbar: Crossbar, name: str, tap: str) -> None:
        if not all(np.isfinite(array).all() for array in crossbar):
            raise TeacherError(f"{name}: holds NaN or infinity: train the network again")
        self._weights[-1], self.taps[-1], self._sum = crossbar, tap, name

    def _rectified_before(self, name: str) -> None:
        if self._sum is not None:
            raise TeacherError(
                f"{name}: follows {self._sum} with no rectifier between them, but every neuron of a chip rectifies: put"
                f" {self._words[0]} right after {self._sum}"
            )

    def _open(self, name: str, what: str) -> Crossbar:
        """The crossbar of a weighted sum that can still be changed."""
        crossbar = self._weights[-1] if self._weights else None
        if self._sum is None or crossbar is None:
            raise TeacherError(
                f"{name}: {what} can only follow {self._words[1]} directly, whose weights take it in: move it there,"
                " before the rectifier"
            )
        return crossbar


def _check_arrays(weights: NDArray[np.float32], bias: NDArray[np.float32], dimensions: int, name: str) -> None:
    if weights.ndim != dimensions or weights.size == 0 or bias.shape != weights.shape[:1]:
        raise TeacherError(
            f"{name}: has weights {weights.shape} and biases {bias.shape}; weights have {dimensions} dimensions,"
            " outputs first, and there is a bias for each output"
        )


def _text(shape: ImageShape) -> str:
    return f"{shape[0]} values" if shape[1:] == (1, 1) else f"{shape[0]} channels of {shape[1]}x{shape[2]}"
