"""Square images turned by small angles, so that a network sees each training image a little differently every time."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from nonideality.streams import stream

_ANGLES = 32  # evenly spaced, both ends included


class Rotation:
    """Turns images by angles drawn evenly from -degrees .. degrees; what comes in at corners is dark."""

    def __init__(self, n_in: int, degrees: float, seed: int) -> None:
        """Raises ValueError if n_in pixels are no square image."""
        self._side = round(n_in**0.5)
        if self._side**2 != n_in:
            raise ValueError(f"rotation needs square images, and {n_in} inputs are none: set its degrees to 0")
        self._angles = np.linspace(-degrees, degrees, _ANGLES)
        self._seed = seed

    @cached_property
    def _maps(self) -> NDArray[np.float32]:
        """(angle, pixel, pixel turned): interpolating by cubic splines is linear, so a matrix says it all."""
        from scipy.ndimage import rotate

        side = self._side
        pixels = np.eye(side * side, dtype=np.float32).reshape(-1, side, side)
        turned = [rotate(pixels, angle, axes=(2, 1), reshape=False, order=3) for angle in self._angles]
        return np.stack(turned).reshape(_ANGLES, side * side, side * side)

    def turned(self, values: NDArray[np.float32], start: int) -> NDArray[np.float32]:
        """Images (S, n_in) in [0, 1], those of presentations from `start` on, which decides their angles."""
        chosen = stream("rotation", self._seed, start).integers(_ANGLES, size=len(values))
        result = np.empty_like(values)
        for angle in np.unique(chosen):
            result[chosen == angle] = values[chosen == angle] @ self._maps[angle]
        return np.clip(result, 0, 1)
