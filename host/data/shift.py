"""Training images moved by a few pixels, so that a network sees each a little differently in every epoch."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from host.data.samples import End, Samples
from nonideality import stream


@dataclass(frozen=True)
class Shift:
    """Moves each image by whole pixels, down and right by -pixels .. pixels; what comes in at the edges is dark."""

    image_shape: tuple[int, int, int]  # channels, height, width; samples are stored channels last
    pixels: int
    seed: int

    def moved(self, samples: Samples, epoch: int) -> Samples:
        """`samples`, each moved at random; the epoch's number decides how."""
        n, room = len(samples), self.pixels
        top, left = stream("shift", self.seed, epoch).integers(2 * room + 1, size=(2, n))
        return windowed(samples, self.image_shape, room, top, left)


def windowed(
    samples: Samples, shape: tuple[int, int, int], room: int, top: NDArray[np.int64], left: NDArray[np.int64]
) -> Samples:
    """Windows of the images' size, cut from images with a dark margin of `room` pixels at each side.

    shape: channels, height, width; samples are stored channels last. top, left: (n,) where each window begins, 0 to
    2 room; an image stays where it was at `room`. All images of a sequence move alike.
    """
    channels, height, width = shape
    in_a_row = samples.raw.shape[1] // (channels * height * width)
    n, top, left = len(samples) * in_a_row, np.repeat(top, in_a_row), np.repeat(left, in_a_row)
    images = samples.raw.reshape(n, height, width, channels)
    wide = np.pad(images, ((0, 0), (room, room), (room, room), (0, 0)))
    rows, columns = top[:, None] + np.arange(height), left[:, None] + np.arange(width)
    raw = wide[np.arange(n)[:, None, None], rows[:, :, None], columns[:, None, :]]
    outside_rows, outside_columns = (
        (at < room) | (at >= side + room) for at, side in ((rows, height), (columns, width))
    )
    came_in = outside_rows[:, :, None] | outside_columns[:, None, :]
    dark = np.broadcast_to(_stored(samples.low, images.dtype), samples.raw.shape[1])
    sequences = (-1, in_a_row, height, width)
    raw = np.where(
        came_in.reshape(*sequences, 1), dark.reshape(*sequences[1:], channels), raw.reshape(*sequences, channels)
    )
    return replace(samples, raw=raw.reshape(len(samples), -1))


def _stored(low: End, dtype: np.dtype[Any]) -> NDArray[Any]:
    """What means 0, as values of this type: the nearest that it has."""
    if dtype.kind in "ui":
        limits = np.iinfo(dtype)
        low = np.clip(low, limits.min, limits.max)
    return np.asarray(low).astype(dtype)
