"""The layers of a chip that sees images: dense, convolution, average pooling; and the shapes that follow from them.

Neurons and inputs are numbered position by position, line by line, and within a position channel by channel: number
(y width + x) channels + c. So the channels of a position, which share its crossbar rows, are neighbours, and an image
that is flattened keeps its numbers. `chipsim.design.pixel_order` converts from and to the order of most other software.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from learning_circuit import tell_settings

Count = Annotated[int, Field(ge=1)]
Margin = Annotated[int, Field(ge=0)]
Shape = tuple[Count, Count, Count]  # channels, height, width
_FLAT_RULE = "write Flatten() between them"


def _pair(value: Any) -> Any:
    """An extent that is the same both ways may be written once."""
    return (value, value) if isinstance(value, int) else value


def _four_sides(value: Any) -> Any:
    """Padding may be one number, (vertical, horizontal), or (top, left, bottom, right)."""
    if isinstance(value, int):
        return (value,) * 4
    return tuple(value) * 2 if isinstance(value, Sequence) and len(value) == 2 else value


Extent = Annotated[tuple[Count, Count], BeforeValidator(_pair)]  # height, width
Padding = Annotated[tuple[Margin, Margin, Margin, Margin], BeforeValidator(_four_sides)]


class Layer(BaseModel):
    """What all layers have in common."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        tell_settings(cls)


class Dense(Layer):
    """Every input meets every neuron."""

    kind: Literal["dense"] = "dense"
    units: Count


class Convolution(Layer):
    """Each position's neurons see a window of the image below, the kernel.

    shared: one crossbar, with a row for every channel of every place in the kernel and a column for every channel out,
    visits the positions in turn; each position has neurons of its own. unrolled: every position has a crossbar of its
    own, too, which starts with the same weights and may learn others.
    """

    kind: Literal["convolution"] = "convolution"
    channels: Count
    kernel: Extent
    stride: Extent = (1, 1)
    padding: Padding = (0, 0, 0, 0)  # zeros around the image: top, left, bottom, right
    form: Literal["shared", "unrolled"] = "shared"


class AveragePool(Layer):
    """Each channel's neurons see the mean of a window of that channel, through fixed equal weights that never learn."""

    kind: Literal["average_pool"] = "average_pool"
    kernel: Extent
    stride: Extent | None = None  # None: as the kernel, so that windows tile the image


class Flatten(Layer):
    """From an image to a row of numbers. No circuit: only what follows sees it as one."""

    kind: Literal["flatten"] = "flatten"


AnyLayer = Annotated[Dense | Convolution | AveragePool | Flatten, Field(discriminator="kind")]


@dataclass(frozen=True)
class LayerShape:
    """One layer of synapses with the neurons that they drive. Shapes are (channels, height, width)."""

    layer: Dense | Convolution | AveragePool
    input: tuple[int, int, int]
    output: tuple[int, int, int]

    @property
    def n_in(self) -> int:
        return _size(self.input)

    @property
    def n_out(self) -> int:
        """Neurons."""
        return _size(self.output)

    @property
    def positions(self) -> int:
        return self.output[1] * self.output[2]

    @property
    def columns(self) -> int:
        """Neurons of a position, one per column of its crossbar."""
        return self.output[0]

    @property
    def kernel(self) -> tuple[int, int]:
        """Height and width of what a position sees."""
        return self.input[1:] if isinstance(self.layer, Dense) else self.layer.kernel

    @property
    def rows(self) -> int:
        """Rows of a crossbar, bias not counted: number (ky kernel width + kx) channels in + c."""
        return self.input[0] * self.kernel[0] * self.kernel[1]

    @property
    def crossbars(self) -> int:
        """That hold the layer's weights: one that all positions share, or one for each."""
        return self.positions if isinstance(self.layer, Convolution) and self.layer.form == "unrolled" else 1

    @property
    def dense(self) -> bool:
        return isinstance(self.layer, Dense)

    @property
    def learns(self) -> bool:
        return not isinstance(self.layer, AveragePool)

    @property
    def fan_in(self) -> int:
        """Synapses of a column, bias not counted."""
        return self.kernel[0] * self.kernel[1] if isinstance(self.layer, AveragePool) else self.rows

    @property
    def synapses(self) -> int:
        """On the chip, biases not counted."""
        return self.crossbars * self.fan_in * self.columns

    @property
    def synapses_of_row(self) -> int:
        """That a row of a crossbar drives: one for each column, or that of its own channel alone."""
        return self.columns if self.learns else 1

    @property
    def visits(self) -> int:
        """How often a crossbar is used in a step: once for each position that shares it."""
        return self.positions // self.crossbars

    @property
    def rows_of_full_image(self) -> int:
        """Rows that all positions together see if every input is active."""
        (top, left, _, _), (_, height, width) = self.padding, self.input
        lines = _covered(height, self.kernel[0], self.stride[0], top, self.output[1])
        columns = _covered(width, self.kernel[1], self.stride[1], left, self.output[2])
        return self.input[0] * lines * columns

    @property
    def stride(self) -> tuple[int, int]:
        """Down and to the right."""
        return (1, 1) if isinstance(self.layer, Dense) else _stride(self.layer)

    @property
    def padding(self) -> tuple[int, int, int, int]:
        """Top, left, bottom, right."""
        return self.layer.padding if isinstance(self.layer, Convolution) else (0, 0, 0, 0)

    @property
    def weight_shape(self) -> tuple[int, int] | None:
        """Of the weights to program, the same for every position; None: fixed."""
        return (self.rows, self.columns) if self.learns else None


def shapes_of(input_shape: tuple[int, int, int], layers: Sequence[AnyLayer]) -> list[LayerShape]:
    """The layers of synapses, in order. Raises ValueError if a layer cannot follow the one before."""
    shapes: list[LayerShape] = []
    shape = input_shape
    for number, layer in enumerate(layers, 1):
        match layer:
            case Flatten():
                shape = (_size(shape), 1, 1)
                continue
            case Dense():
                if shape[1:] != (1, 1):
                    raise ValueError(f"layer {number}, dense, follows an image of {_text(shape)}: {_FLAT_RULE}")
                output = (layer.units, 1, 1)
            case _:
                output = _swept(number, layer, shape)
        shapes.append(LayerShape(layer, shape, output))
        shape = output
    return shapes


def _stride(layer: Convolution | AveragePool) -> tuple[int, int]:
    return layer.stride or layer.kernel


def _covered(size: int, kernel: int, stride: int, padding: int, n_out: int) -> int:
    """Pixels along one side that n_out kernels cover, each counted."""
    starts = [place * stride - padding for place in range(n_out)]
    return sum(min(start + kernel, size) - max(start, 0) for start in starts)


def _swept(number: int, layer: Convolution | AveragePool, shape: tuple[int, int, int]) -> tuple[int, int, int]:
    """The output of a kernel that sweeps an image."""
    padding = layer.padding if isinstance(layer, Convolution) else (0, 0, 0, 0)
    room = [shape[1 + axis] + padding[axis] + padding[axis + 2] - layer.kernel[axis] for axis in (0, 1)]
    if min(room) < 0:
        raise ValueError(
            f"layer {number}, {layer.kind}: a kernel of {layer.kernel[0]}x{layer.kernel[1]} is larger than its image of"
            f" {_text(shape)}{' with its padding' if any(padding) else ''}; make it smaller"
        )
    height, width = (space // step + 1 for space, step in zip(room, _stride(layer), strict=True))
    if any(pad >= side for pad, side in zip(padding, layer.kernel * 2, strict=True)):
        raise ValueError(
            f"layer {number}, {layer.kind}: padding {padding} reaches beyond the kernel of {layer.kernel[0]}x"
            f"{layer.kernel[1]}, so some positions see nothing; pad by less than the kernel"
        )
    return (layer.channels if isinstance(layer, Convolution) else shape[0], height, width)


def _size(shape: tuple[int, int, int]) -> int:
    return shape[0] * shape[1] * shape[2]


def _text(shape: tuple[int, int, int]) -> str:
    return f"{shape[0]} channels of {shape[1]}x{shape[2]}"
