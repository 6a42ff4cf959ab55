"""How the values between an ONNX model's nodes are laid out, the batch left out: a vector, or an image either way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chipsim.design import to_image
from host.errors import TeacherError
from host.teachers.network import ImageShape
from host.teachers.onnx.chain import image_shape

_ANY_LAYOUT = ("Add", "Sub", "Mul", "Div", "Relu", "Clip", "Identity", "Dropout", "Cast")
_TO_LAST, _TO_FIRST = (0, 2, 3, 1), (0, 3, 1, 2)


@dataclass(frozen=True)
class Layout:
    sides: tuple[int, ...]
    last: bool = False  # channels last

    @classmethod
    def of_input(cls, sides: tuple[int, ...], nodes: list[Any]) -> Layout:
        """Channels come first, unless the first node that minds moves them, or flattens what has one channel last."""
        minds = next((node for node in nodes if node.op_type not in _ANY_LAYOUT), None)
        if len(sides) != 3 or minds is None:
            return cls(sides)
        if minds.op_type == "Transpose":
            perm = next((tuple(each.ints) for each in minds.attribute if each.name == "perm"), ())
            return cls(sides, perm == _TO_FIRST)
        flattens = minds.op_type in ("Flatten", "Reshape", "Squeeze")
        return cls(sides, flattens and sides[2] == 1 and sides[0] > 1)

    @property
    def image(self) -> ImageShape:
        """Channels, height, width; (n, 1, 1) of a vector."""
        return image_shape((self.sides[2], *self.sides[:2]) if self.last else self.sides)

    def text(self) -> str:
        return f"values of shape {self.sides}"

    def channels_first(self, name: str) -> ImageShape:
        """The image's shape. Raises TeacherError if it is none, or channels come last."""
        if len(self.sides) != 3 or self.last:
            raise TeacherError(f"{name}: takes an image, channels first, but gets {self.text()}: export it that way")
        return self.image

    def broadcast(self, values: NDArray[np.float32], name: str) -> NDArray[np.float32]:
        """A constant as it meets these values, as (channels, height, width) or 1 along a side. Raises TeacherError."""
        rank = len(self.sides)
        fits = values.ndim <= rank + 1 and all(
            side in (1, n) for side, n in zip(values.shape[::-1], (1, *self.sides)[::-1], strict=False)
        )
        if not fits:
            raise TeacherError(f"{name}: has a constant of shape {values.shape} for {self.text()}")
        values = values[0] if values.ndim > rank else values.reshape((1,) * (rank - values.ndim) + values.shape)
        if rank == 1:
            return values.reshape(-1, 1, 1)
        if rank == 2:
            return values[None]
        return np.moveaxis(values, 2, 0) if self.last else values

    def transposed(self, perm: tuple[int, ...]) -> Layout | None:
        """None if that is no change from channels first to last or back."""
        if len(self.sides) != 3:
            return None
        channels, height, width = self.image
        if perm == _TO_LAST and not self.last:
            return Layout((height, width, channels), True)
        if perm == _TO_FIRST and self.last:
            return Layout((channels, height, width))
        return self if perm == (0, 1, 2, 3) else None

    def regrouped(self, sides: tuple[int, ...]) -> Layout | None:
        """The same image of one channel with its axis elsewhere, or the very same shape; None if it is another."""
        if sides == self.sides:
            return self
        channels, height, width = self.image
        if channels != 1 or len(self.sides) == 1:
            return None
        forms = {(height, width): False, (1, height, width): False, (height, width, 1): True}
        return Layout(sides, forms[sides]) if sides in forms else None

    def unrolled(self, sides: tuple[int, ...], following: list[Any]) -> Layout | None:
        """The image that a vector is made to, laid out as the nodes that follow take it; None if it is none."""
        if len(self.sides) != 1 or len(sides) not in (2, 3) or int(np.prod(sides, dtype=object)) != self.sides[0]:
            return None
        return Layout.of_input(sides, following)


@dataclass(frozen=True)
class Feed:
    """How a model takes its input: the values of an image in the order of `last`, in an array of these sides."""

    sides: tuple[int, ...]
    last: bool
    image: ImageShape

    def __call__(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Rows (S, n) in the chip's order as arrays (S, *sides)."""
        images = to_image(values, self.image)
        ordered = np.moveaxis(images, 1, 3) if self.last else images
        return np.ascontiguousarray(ordered).reshape(-1, *self.sides)
