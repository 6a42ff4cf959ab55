"""Linear maps folded into the layer beside them: kernels of one layer that computes what two did.

Kernels are (channels out, channels in, height, width), float64. A pool is one of one channel that all channels share.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from host.teachers.network import ImageShape

Kernels = NDArray[np.float64]
Four = tuple[int, int, int, int]  # top, left, bottom, right


@dataclass(frozen=True)
class KernelSweep:
    """How kernels go over an image."""

    kernels: Kernels
    stride: tuple[int, int]
    padding: Four

    @property
    def sides(self) -> tuple[int, int]:
        height, width = self.kernels.shape[2:]
        return height, width

    def places(self, axis: int, side: int) -> int:
        """Outputs along an axis (0: down) of an image of this many pixels; 0 or less if the kernel does not fit."""
        room = side + self.padding[axis] + self.padding[axis + 2] - self.sides[axis]
        return room // self.stride[axis] + 1


def pool(kernel: tuple[int, ...], stride: tuple[int, ...], padding: Four, weight: float) -> KernelSweep:
    """One that adds up its window, times `weight`."""
    return KernelSweep(np.full((1, 1, *kernel), weight), (stride[0], stride[1]), padding)


def one_sweep(first: KernelSweep, second: KernelSweep, image: ImageShape) -> KernelSweep | None:
    """The sweep that gives what `second` gives over what `first` gives of `image`; one of both is a pool.

    None if there is none, since the zeros that pad the second are not what one sweep would see there.
    """
    padding: list[int] = [0] * 4
    for axis in (0, 1):
        found = _padding(first, second, axis, image[1 + axis])
        if found is None:
            return None
        padding[axis], padding[axis + 2] = found
    stride = (first.stride[0] * second.stride[0], first.stride[1] * second.stride[1])
    return KernelSweep(_one_kernel(first, second), stride, (padding[0], padding[1], padding[2], padding[3]))


def _one_kernel(first: KernelSweep, second: KernelSweep) -> Kernels:
    (height, width), (down, right) = first.sides, first.stride
    channels = [max(a, b) for a, b in zip(first.kernels.shape[:2], second.kernels.shape[:2], strict=True)]
    sides = [side + step * (n - 1) for side, step, n in zip(first.sides, first.stride, second.sides, strict=True)]
    kernels = np.zeros((*channels, *sides))
    for y, x in np.ndindex(*second.sides):
        window = np.s_[:, :, y * down : y * down + height, x * right : x * right + width]
        kernels[window] += second.kernels[:, :, y : y + 1, x : x + 1] * first.kernels
    return kernels


def _padding(first: KernelSweep, second: KernelSweep, axis: int, side: int) -> tuple[int, int] | None:
    """Before and after the image, along an axis."""
    step, kernel, margin = first.stride[axis], first.sides[axis], first.padding[axis]
    before, after = second.padding[axis], second.padding[axis + 2]
    between = first.places(axis, side)
    n_out = second.places(axis, between)
    if before and kernel > step + margin:
        return None  # the first window before the image would see some of it
    if after and step * between - margin < side:
        return None  # so would the first one behind it
    joined, stride = kernel + step * (second.sides[axis] - 1), step * second.stride[axis]
    left = margin + step * before
    right = max(0, (n_out - 1) * stride + joined - side - left)
    fits = (side + left + right - joined) // stride + 1 == n_out and max(left, right) < joined
    return (left, right) if fits else None


def spread(weights: Kernels, below: KernelSweep, image: ImageShape) -> Kernels:
    """Weights (units, channels, height, width) over `image`, of a layer that meets what the pool `below` gives."""
    whole = KernelSweep(weights, (1, 1), (0, 0, 0, 0))
    return whole_image(KernelSweep(_one_kernel(below, whole), below.stride, below.padding), image)


def whole_image(sweep: KernelSweep, image: ImageShape) -> Kernels:
    """Of a sweep with a single place, weights (channels out, *image): what pads the image is cut off."""
    (height, width), (top, left) = sweep.sides, sweep.padding[:2]
    rows, columns = min(image[1], height - top), min(image[2], width - left)
    weights = np.zeros((len(sweep.kernels), *image))
    weights[:, :, :rows, :columns] = sweep.kernels[:, :, top : top + rows, left : left + columns]
    return weights


def each_channel(sweep: KernelSweep, channels: int) -> KernelSweep:
    """A pool as kernels of that many channels, each of which meets its own."""
    own = np.eye(channels)[:, :, None, None] * sweep.kernels
    return KernelSweep(own, sweep.stride, sweep.padding)
