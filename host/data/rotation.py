"""Square images turned by small angles, so that a network sees each training image a little differently every time."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from host.errors import DataError
from nonideality import stream

_ANGLES = 32  # evenly spaced, both ends included


class Rotation:
    """Turns images by angles drawn from -degrees .. degrees; what comes in at the corners is dark."""

    def __init__(self, n_in: int, degrees: float, seed: int) -> None:
        """Raises DataError if n_in pixels are no square image."""
        self._side = round(n_in**0.5)
        if self._side**2 != n_in:
            raise DataError(f"rotation needs square images, which {n_in} inputs are not: set rotation_deg to 0")
        self._angles = np.linspace(-degrees, degrees, _ANGLES)
        self._seed = seed

    @cached_property
    def _maps(self) -> NDArray[np.float32]:
        """(angle, pixel, pixel turned): interpolating by cubic splines is linear, so a matrix says it all."""
        from scipy.ndimage import rotate

        n = self._side**2
        pixels = np.eye(n, dtype=np.float32).reshape(n, self._side, self._side)
        turned = [rotate(pixels, angle, axes=(2, 1), reshape=False) for angle in self._angles]
        return np.stack(turned).reshape(_ANGLES, n, n)

    def turned(self, values: NDArray[np.float32], first: int) -> NDArray[np.float32]:
        """Images (S, n_in) in [0, 1] of a batch; `first`, the number of its first presentation, decides the angles."""
        chosen = stream("rotation", self._seed, first).integers(_ANGLES, size=len(values))
        result = np.empty_like(values)
        for angle in np.unique(chosen):
            result[chosen == angle] = values[chosen == angle] @ self._maps[angle]
        return np.clip(result, 0, 1)
