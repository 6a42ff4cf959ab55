"""Adam (Kingma and Ba 2015, arXiv 1412.6980, Algorithm 1), in place and in one pass."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from chipsim.jit import kernel

_FIRST_DECAY = np.float32(0.9)
_SECOND_DECAY = np.float32(0.999)
_EPSILON = np.float32(1e-8)


class Adam:
    """The moments of some parameters."""

    def __init__(self, parameters: list[NDArray[np.float32]]) -> None:
        self.steps = 0
        self.first = [np.zeros_like(each) for each in parameters]
        self.second = [np.zeros_like(each) for each in parameters]

    def step(self, parameters: list[NDArray[np.float32]], gradients: list[NDArray[np.float32]], rate: float) -> None:
        """Move the parameters, in place, against their gradients."""
        self.steps += 1
        # The moments start at zero; these undo the bias.
        first_scale = np.float32(rate / (1 - float(_FIRST_DECAY) ** self.steps))
        second_scale = np.float32(1 / (1 - float(_SECOND_DECAY) ** self.steps))
        for parameter, gradient, first, second in zip(parameters, gradients, self.first, self.second, strict=True):
            _step(parameter.ravel(), gradient.ravel(), first.ravel(), second.ravel(), first_scale, second_scale)


@kernel
def _step(parameter, gradient, first, second, first_scale, second_scale):
    """All (n,) float32."""
    for i in range(len(parameter)):
        g = gradient[i]
        first[i] = _FIRST_DECAY * first[i] + (np.float32(1) - _FIRST_DECAY) * g
        second[i] = _SECOND_DECAY * second[i] + (np.float32(1) - _SECOND_DECAY) * (g * g)
        parameter[i] -= first_scale * first[i] / (np.sqrt(second_scale * second[i]) + _EPSILON)
