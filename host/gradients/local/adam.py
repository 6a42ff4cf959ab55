"""Adam (Kingma and Ba 2015, arXiv 1412.6980): for a block of a layer's columns, and for a list of arrays."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from chipsim.simd import kernel

FIRST_DECAY, SECOND_DECAY, EPSILON = 0.9, 0.999, 1e-8  # Kingma and Ba's
_A = np.float32(FIRST_DECAY)
_B = np.float32(SECOND_DECAY)
_EPSILON = np.float32(EPSILON)
_ONE = np.float32(1)
_ZERO = np.float32(0)
MACS_PER_WEIGHT = 4  # both moments, the step, and the synapse's gain


def corrections(step: int) -> tuple[np.float32, np.float32]:
    """What makes up for moments that began at zero, at step 1, 2, ..."""
    return np.float32(1 / (1 - FIRST_DECAY**step)), np.float32(1 / (1 - SECOND_DECAY**step))


@kernel
def adam_block(weight, gradient, gain, first, second, rate, share, first_correction, second_correction):
    """One step of `weight` (n_in + 1, n) against share * gain * gradient; leaves zeros in `gradient`.

    gain: (1, n) or (n_in + 1, n), what a synapse delivers of its weight; first, second: the moments, like weight. All
    float32. share: 1 over the samples in the gradient.
    """
    for row in range(len(weight)):
        w, g, m, v = weight[row], gradient[row], first[row], second[row]
        gains = gain[row if len(gain) > 1 else 0]
        for i in range(len(w)):
            slope = share * gains[i] * g[i]
            m[i] = _A * m[i] + (_ONE - _A) * slope
            v[i] = _B * v[i] + (_ONE - _B) * (slope * slope)
            w[i] -= rate * (first_correction * m[i]) / (np.sqrt(second_correction * v[i]) + _EPSILON)
            g[i] = _ZERO


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
