"""What stands in for the derivative of a spike, which has none: S = step(U - th) is flat but for a jump.

A surrogate is a function of z, the distance of the membrane from the threshold, and the derivative of a spike by the
membrane is taken to be dS/dU = k g(z). Where distances are absolute, z = U - th and k = 1; where they are relative to a
threshold that is learned, z = U / th - 1 and k = 1 / th.

| name | g(z) | source |
| --- | --- | --- |
| `fast-sigmoid` | 1 / (s |z| + 1)^2 | Zenke and Ganguli 2018, Neural Computation 30; Cramer et al. 2022 |
| `boxcar` | h where |z| < s, else 0 | Yang et al. 2022, arXiv 2210.04532, Eq. 8: h = 1 / p, s = p / 2 |
| `triangle` | h max(0, 1 - s |z|) | Bellec et al. 2018, arXiv 1803.09574; Rathi and Roy 2021, arXiv 2008.03658 |
| `exponential` | h exp(-s |z|) | Shrestha and Orchard 2018 (NeurIPS), arXiv 1810.08646 |
| `spike-time` | h exp(-s d) | Rathi et al. 2020 (ICLR), arXiv 2005.01807: h = 0.3, s = 0.01 |

d: steps since the neuron's last spike, 0 at a step at which it fires, infinite before its first one. It stands where
the membrane stands for the others, since no membrane is asked.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from chipsim.simd import inlined

_ZERO = np.float32(0)
_ONE = np.float32(1)
_NEVER = np.float32(1e30)  # steps, as good as infinite: infinity times nothing is no number
SURROGATES = ("fast-sigmoid", "boxcar", "triangle", "exponential", "spike-time")


@inlined
def _fast_sigmoid(error, u, threshold, per_threshold, height, steepness):
    x = steepness * abs((u - threshold) * per_threshold) + _ONE
    return height * error / (x * x) * per_threshold


@inlined
def _boxcar(error, u, threshold, per_threshold, height, steepness):
    return error * (height if abs((u - threshold) * per_threshold) < steepness else _ZERO) * per_threshold


@inlined
def _triangle(error, u, threshold, per_threshold, height, steepness):
    g = _ONE - steepness * abs((u - threshold) * per_threshold)
    return error * (height * g if g > _ZERO else _ZERO) * per_threshold


@inlined
def _exponential(error, u, threshold, per_threshold, height, steepness):
    return error * (height * np.exp(-steepness * abs((u - threshold) * per_threshold))) * per_threshold


@inlined
def _spike_time(error, u, threshold, per_threshold, height, steepness):
    return error * (height * np.exp(-steepness * u)) * per_threshold


@lru_cache
def passed_by(surrogate: str) -> Any:
    """A piece: error dS/dU, of (error, U, th, k, h, s), float32 all."""
    return {
        "fast-sigmoid": _fast_sigmoid,
        "boxcar": _boxcar,
        "triangle": _triangle,
        "exponential": _exponential,
        "spike-time": _spike_time,
    }[surrogate]


def steps_since_spikes(spikes: Any) -> Any:
    """d of the table, (S, T, n) float32, of spikes (S, T, n), 0 or 1."""
    steps = np.arange(spikes.shape[1], dtype=np.float32)[None, :, None]
    last = np.maximum.accumulate(np.where(spikes != 0, steps, -_NEVER), axis=1)
    return (steps - last).astype(np.float32)
