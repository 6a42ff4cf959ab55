"""A feed-forward network for a chip: its layers, and a crossbar of weights for each that has any.

Everything is numbered as on the chip (see `chipsim.design.layers`): values, rows and columns. Every layer is followed
by a rectifier, which may have a ceiling; the last layer's outputs are logits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chipsim.design import AnyLayer, Dense, LayerShape, shapes_of, short_repr, to_image

Crossbar = tuple[NDArray[np.float32], NDArray[np.float32]]  # weights (rows, columns), biases (columns,)
Layer = Crossbar  # of fully connected layers, weights (n_in, n_out)
ImageShape = tuple[int, int, int]  # channels, height, width


@dataclass(frozen=True)
class Network:
    """Layers with their weights."""

    __repr__ = short_repr

    input_shape: ImageShape  # (n, 1, 1) of data that are no images
    layers: tuple[AnyLayer, ...]
    weights: Sequence[Crossbar | None]  # per layer of synapses; None: those of a pool are fixed
    ceilings: tuple[float | None, ...] | None = None  # per layer of synapses, the rectifier's; None: without one

    @cached_property
    def shapes(self) -> list[LayerShape]:
        """Each layer of synapses with the neurons that they drive."""
        return shapes_of(self.input_shape, self.layers)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Inputs, then the neurons of each layer."""
        return (self.shapes[0].n_in, *(shape.n_out for shape in self.shapes))

    @property
    def macs(self) -> int:
        """Multiply-accumulates that one sample takes."""
        return sum(shape.positions * shape.fan_in * shape.columns for shape in self.shapes)

    @property
    def n_weights(self) -> int:
        """Learned ones, biases among them."""
        return sum(layer[0].size + layer[1].size for layer in self.weights if layer is not None)

    @property
    def dense(self) -> bool:
        return all(shape.dense for shape in self.shapes)

    def design_settings(self) -> dict[str, Any]:
        """What a `chipsim.ChipSpec` says of the layers."""
        if self.dense:
            return {"layer_sizes": self.sizes}
        return {"input_shape": self.input_shape, "layers": self.layers}

    def channels_first(self) -> list[Crossbar | None]:
        """Weights as most other software lays them out.

        Kernels (channels out, channels in, height, width), matrices (n_out, n_in) that take an image channels first.
        """
        arrays: list[Crossbar | None] = []
        before = self.input_shape
        for shape, crossbar in zip(self.shapes, self.weights, strict=True):
            if crossbar is None:
                arrays.append(None)
            else:
                window = before if shape.dense else (shape.input[0], *shape.kernel)
                weights = to_image(crossbar[0].T, window)
                arrays.append((weights.reshape(len(weights), -1) if shape.dense else weights, crossbar[1]))
            before = shape.output
        return arrays

    def describe(self) -> str:
        """Such as 3x32x32-32-64s2-fc10: channels of 3x3 kernels unless said otherwise, s the stride, p a pool."""
        if self.dense:
            return "-".join(map(str, self.sizes))
        return "-".join(["x".join(map(str, self.input_shape)), *(_word(shape) for shape in self.shapes)])


def dense_network(crossbars: Sequence[Crossbar]) -> Network:
    """Fully connected layers."""
    layers = tuple(Dense(units=len(bias)) for _, bias in crossbars)
    return Network((len(crossbars[0][0]), 1, 1), layers, crossbars)


def _word(shape: LayerShape) -> str:
    layer = shape.layer
    if isinstance(layer, Dense):
        return f"fc{layer.units}"
    if shape.learns:
        return f"{shape.columns}{_side('k', layer.kernel, (3, 3))}{_side('s', layer.stride, (1, 1))}"
    return f"{_side('p', layer.kernel, None)}{_side('s', layer.stride or layer.kernel, layer.kernel)}"


def _side(letter: str, size: tuple[int, int] | None, usual: tuple[int, int] | None) -> str:
    if size is None or size == usual:
        return ""
    return f"{letter}{size[0]}" if size[0] == size[1] else f"{letter}{size[0]}x{size[1]}"


def scaled(crossbar: Crossbar, gain: NDArray[np.float64], shift: NDArray[np.float64]) -> Crossbar:
    """The crossbar whose every output is gain y + shift, where this one's is y; gain, shift: (columns,)."""
    weights, bias = crossbar
    return (weights * gain).astype(np.float32), (bias * gain + shift).astype(np.float32)
