"""A feed-forward network in the field's standard layout: what teachers are, and what a chip is derived from.

Feature maps are (channels, height, width), kernels (channels out, channels in, height, width), flattened channels first.
Each weighted layer is followed by a rectifier; the last layer's outputs are logits.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.typing import NDArray

from host.errors import TeacherError

Shape = tuple[int, ...]  # (n,) or (channels, height, width)


@dataclass(frozen=True)
class Dense:
    weights: NDArray[np.float32]  # (n_in, n_out)
    bias: NDArray[np.float32]  # (n_out,)

    def shape_after(self, shape: Shape) -> Shape:
        if len(shape) != 1:
            raise TeacherError(f"takes a flat vector, but gets {_text(shape)}: put a Flatten before it")
        if shape[0] != len(self.weights):
            raise TeacherError(f"takes {len(self.weights)} inputs, but gets {shape[0]}")
        return (len(self.bias),)

    def scaled(self, gain: NDArray[np.float64], shift: NDArray[np.float64]) -> Dense:
        """With every output y replaced by gain y + shift; gain, shift: (n_out,)."""
        return Dense(_float32(self.weights * gain), _float32(self.bias * gain + shift))


@dataclass(frozen=True)
class Convolution:
    kernels: NDArray[np.float32]  # (channels out, channels in, height, width)
    bias: NDArray[np.float32]  # (channels out,)
    stride: tuple[int, int] = (1, 1)
    padding: tuple[int, int] = (0, 0)  # zeros above and below, left and right

    def shape_after(self, shape: Shape) -> Shape:
        channels = self.kernels.shape[1]
        if len(shape) != 3:
            raise TeacherError(f"takes a feature map of {channels} channels, but gets a flat vector of {shape[0]} values")
        if shape[0] != channels:
            raise TeacherError(f"takes {channels} channels, but gets {_text(shape)}")
        return (len(self.bias), *_windows(shape, self.kernels.shape[2:], self.stride, self.padding))

    def scaled(self, gain: NDArray[np.float64], shift: NDArray[np.float64]) -> Convolution:
        """With every output y replaced by gain y + shift; gain, shift: (channels out,)."""
        kernels = _float32(self.kernels * gain[:, None, None, None])
        return Convolution(kernels, _float32(self.bias * gain + shift), self.stride, self.padding)


@dataclass(frozen=True)
class AveragePool:
    kernel: tuple[int, int]
    stride: tuple[int, int]

    def shape_after(self, shape: Shape) -> Shape:
        if len(shape) != 3:
            raise TeacherError(f"takes a feature map, but gets a flat vector of {shape[0]} values")
        return (shape[0], *_windows(shape, self.kernel, self.stride, (0, 0)))


@dataclass(frozen=True)
class Flatten:
    def shape_after(self, shape: Shape) -> Shape:
        return (prod(shape),)


Layer = Dense | Convolution | AveragePool | Flatten
Weighted = Dense | Convolution


@dataclass(frozen=True)
class Network:
    input_shape: Shape
    layers: tuple[Layer, ...]

    def shapes(self) -> list[Shape]:
        """Shape after each layer. Raises TeacherError where two layers do not fit together."""
        shape, shapes = self.input_shape, []
        for number, layer in enumerate(self.layers, start=1):
            try:
                shape = layer.shape_after(shape)
            except TeacherError as error:
                raise TeacherError(f"layer {number} ({type(layer).__name__}) {error}") from None
            shapes.append(shape)
        return shapes

    def describe(self) -> str:
        """Such as 3x32x32-32-64s2-fc10: channels of 3x3 kernels unless said otherwise, s the stride, p a pool."""
        parts = ["x".join(map(str, self.input_shape))]
        for layer in self.layers:
            if isinstance(layer, Dense):
                parts.append(f"fc{len(layer.bias)}")
            elif isinstance(layer, Convolution):
                kernel, stride = layer.kernels.shape[2:], layer.stride
                parts.append(f"{len(layer.bias)}{_side('k', kernel, (3, 3))}{_side('s', stride, (1, 1))}")
            elif isinstance(layer, AveragePool):
                parts.append(f"{_side('p', layer.kernel, None)}{_side('s', layer.stride, layer.kernel)}")
        return "-".join(parts)


def _side(letter: str, size: tuple[int, ...], usual: tuple[int, int] | None) -> str:
    if size == usual:
        return ""
    return f"{letter}{size[0]}" if size[0] == size[1] else f"{letter}{size[0]}x{size[1]}"


def _windows(
    shape: Shape, kernel: tuple[int, ...], stride: tuple[int, int], padding: tuple[int, int]
) -> tuple[int, int]:
    """How often a kernel fits below and beside itself."""
    sides = []
    for size, side, step, pad in zip(shape[1:], kernel, stride, padding, strict=True):
        if side > size + 2 * pad:
            raise TeacherError(f"has a kernel of {kernel[0]}x{kernel[1]}, larger than its input {_text(shape)}")
        sides.append((size + 2 * pad - side) // step + 1)
    return sides[0], sides[1]


def _text(shape: Shape) -> str:
    return "x".join(map(str, shape)) if len(shape) > 1 else f"a flat vector of {shape[0]} values"


def _float32(values: NDArray[np.generic]) -> NDArray[np.float32]:
    return np.ascontiguousarray(values, np.float32)
