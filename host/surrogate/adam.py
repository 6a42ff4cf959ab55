"""Adam on a list of arrays; `host.through_time.adam` has its equations."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from host.through_time.adam import adam_block, corrections

_ONE = np.float32(1)


class Adam:
    """The moments of some parameters, float32 arrays of one or two dimensions."""

    def __init__(self, parameters: list[NDArray[np.float32]]) -> None:
        self.steps = 0
        self.first = [np.zeros_like(each) for each in parameters]
        self.second = [np.zeros_like(each) for each in parameters]
        self._gains = [np.ones((1, each.shape[-1]), np.float32) for each in parameters]

    def step(self, parameters: list[NDArray[np.float32]], gradients: list[NDArray[np.float32]], rate: float) -> None:
        """Move the parameters, in place, against their gradients, which are used up."""
        self.steps += 1
        correct = corrections(self.steps)
        arrays = zip(parameters, gradients, self._gains, self.first, self.second, strict=True)
        for parameter, gradient, gain, first, second in arrays:
            w, g, m, v = (np.atleast_2d(each) for each in (parameter, gradient, first, second))
            adam_block(w, g, gain, m, v, np.float32(rate), _ONE, *correct)
