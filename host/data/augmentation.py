"""Images changed a little before they are learned from: moved by a few pixels, every other one seen in a mirror.

Each presentation draws for itself: what it sees follows from the seed, the epoch and its place therein, whoever else is
in its chunk. So neither chunks nor threads, nor a run that goes on, change a bit.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from host.data.samples import Samples
from host.data.shift import windowed
from nonideality import stream


@dataclass(frozen=True)
class Augmentation:
    """How images are changed; as it is made without arguments, not at all."""

    image_shape: tuple[int, int, int] | None = None  # channels, height, width
    shift_px: int = 0  # at most, down and right or up and left; what comes in at the edges is dark
    flip: bool = False
    seed: int = 0

    def values(self, samples: Samples, index: NDArray[np.int64], windows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Inputs (S, n_in) in [0, 1] of presentations windows (S,), of one epoch, which show samples[index]."""
        if not (self.shift_px or self.flip):
            return samples.values(index)
        n = len(samples)
        top, left, mirrored = _draws(self.seed, int(windows[0]) // n, n, self.shift_px)[:, windows % n]
        return self._changed(samples.subset(index), top, left, mirrored == 1).values(slice(None))

    def _changed(
        self, shown: Samples, top: NDArray[np.int64], left: NDArray[np.int64], mirrored: NDArray[np.bool_]
    ) -> Samples:
        assert self.image_shape is not None, "what are no images is refused when a run is prepared"
        channels, height, width = self.image_shape
        if self.flip:
            images = shown.raw.reshape(-1, height, width, channels)
            mirrored = np.repeat(mirrored, len(images) // len(shown))  # all images of a sequence alike
            seen = np.where(mirrored[:, None, None, None], images[:, :, ::-1], images)
            shown = replace(shown, raw=seen.reshape(len(shown), -1))
        return windowed(shown, self.image_shape, self.shift_px, top, left) if self.shift_px else shown


@lru_cache(2)
def _draws(seed: int, epoch: int, n: int, room: int) -> NDArray[np.int64]:
    """Of every presentation of an epoch (3, n): top and left of its window, 0 to 2 room, and 1 if it is mirrored."""
    generator = stream("augmentation", seed, epoch)
    return np.concatenate([generator.integers(2 * room + 1, size=(2, n)), generator.integers(2, size=(1, n))])
