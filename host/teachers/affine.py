"""Gains and shifts that wait for the layer whose weights and biases take them in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from host.errors import TeacherError
from host.teachers.folding import KernelSweep
from host.teachers.network import ImageShape

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Affine:
    """gain x + shift of values (channels, height, width), float64; a side that is alike all along may be 1."""

    gain: Array
    shift: Array

    @classmethod
    def of(cls, gain: ArrayLike, shift: ArrayLike, shape: ImageShape, name: str) -> Affine:
        """Raises TeacherError if they do not fit values of this shape, or hold NaN or infinity."""
        gain, shift = (_three_sides(np.asarray(each, np.float64), shape, name) for each in (gain, shift))
        if not (np.isfinite(gain).all() and np.isfinite(shift).all()):
            raise TeacherError(f"{name}: holds NaN or infinity: train the network again")
        return cls(gain, shift)

    @property
    def may_be_negative(self) -> bool:
        """Of values that are not."""
        return bool((self.gain < 0).any() or (self.shift < 0).any())

    def then(self, later: Affine) -> Affine:
        return Affine(later.gain * self.gain, later.gain * self.shift + later.shift)

    def flat(self, shape: ImageShape, channels: Literal["first", "last"]) -> Affine:
        """Of the same values in a row."""
        axis = 0 if channels == "first" else 2
        whole = (a if a.size == 1 else np.broadcast_to(a, shape) for a in (self.gain, self.shift))
        return Affine(*(np.moveaxis(a, 0, axis).reshape(-1, 1, 1) for a in whole))

    def behind_pool(self, pool: KernelSweep, weight: float, shape: ImageShape, name: str) -> Affine:
        """What it is of pooled values; `weight` is that of a whole window. Raises TeacherError if it is none there."""
        if any(pool.padding) and self.shift.any():
            raise TeacherError(f"{name}: pads with zeros what was shifted before: leave out the padding, or the shift")
        gain, shift = (_per_channel(a, shape, name) for a in (self.gain, self.shift))
        return Affine(gain, shift * weight)

    def per_column(self, shape: ImageShape, name: str) -> tuple[Array, Array]:
        """(channels,) of each, for columns whose weights all positions share. Raises TeacherError."""
        gain, shift = (_per_channel(a, shape, name) for a in (self.gain, self.shift))
        return tuple(np.broadcast_to(a, (shape[0], 1, 1))[:, 0, 0] for a in (gain, shift))  # type: ignore[return-value]

    def before_dense(
        self, weights: Array, bias: NDArray[np.float32], shape: ImageShape
    ) -> tuple[Array, NDArray[np.float64]]:
        """Weights (n_out, n_in) and biases that take these values' place."""
        gain, shift = (np.broadcast_to(a, shape).reshape(-1) for a in (self.gain, self.shift))
        return weights * gain, bias + weights @ shift

    def before_convolution(
        self, sweep: KernelSweep, bias: NDArray[np.float32], shape: ImageShape, mine: str, name: str
    ) -> tuple[KernelSweep, NDArray[np.float64]]:
        """Raises TeacherError if the convolution pads with zeros what is shifted here: those are no zeros before it."""
        if any(sweep.padding) and self.shift.any():
            raise TeacherError(
                f"{mine}: shifts what {name.rpartition(': ')[2]} pads with zeros, so its edges would differ: leave out"
                " the shift or the padding (inputs from 0 to 1 need none), or move it before the rectifier"
            )
        gain, shift = (np.broadcast_to(_per_channel(a, shape, mine), (shape[0], 1, 1)) for a in (self.gain, self.shift))
        added = np.einsum("oiyx,i->o", sweep.kernels, shift[:, 0, 0])
        return replace(sweep, kernels=sweep.kernels * gain), bias + added


def _three_sides(values: Array, shape: ImageShape, name: str) -> Array:
    values = values.reshape((1,) * (3 - values.ndim) + values.shape) if values.ndim < 3 else values
    if values.ndim > 3 or any(side not in (1, n) for side, n in zip(values.shape, shape, strict=True)):
        raise TeacherError(f"{name}: has constants of shape {values.shape} for values of shape {shape}")
    return values


def _per_channel(values: Array, shape: ImageShape, name: str) -> Array:
    first = values[:, :1, :1]
    if values.shape[1:] != (1, 1) and (values != first).any():
        raise TeacherError(
            f"{name}: differs between the positions of a channel, which share their weights: make it alike all over the"
            " image, or fold it into the data"
        )
    return first
