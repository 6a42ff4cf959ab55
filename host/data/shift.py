"""Training images moved by a few pixels, so that a network sees each a little differently in every epoch."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from host.data.samples import Samples
from nonideality import stream


@dataclass(frozen=True)
class Shift:
    """Moves each image by whole pixels, down and right by -pixels .. pixels; what comes in at the edges is dark."""

    image_shape: tuple[int, int, int]  # channels, height, width; samples are stored channels last
    pixels: int
    seed: int

    def moved(self, samples: Samples, epoch: int) -> Samples:
        """`samples`, each moved at random; the epoch's number decides how."""
        channels, height, width = self.image_shape
        n, room = len(samples), self.pixels
        images = samples.raw.reshape(n, height, width, channels)
        margin = ((0, 0), (room, room), (room, room), (0, 0))
        wide = np.pad(images, margin, constant_values=images.dtype.type(samples.low))
        top, left = stream("shift", self.seed, epoch).integers(2 * room + 1, size=(2, n))
        rows, columns = top[:, None] + np.arange(height), left[:, None] + np.arange(width)
        raw = wide[np.arange(n)[:, None, None], rows[:, :, None], columns[:, None, :]]
        return replace(samples, raw=raw.reshape(n, -1))
