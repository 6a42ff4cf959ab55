"""Random weights from which leaky neurons with exponential currents begin to learn."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from chipsim import NeuronSpec
from nonideality import stream

_USUAL_TAU_STEPS = NeuronSpec.model_fields["tau_steps"].default
_SIGMA = 0.7  # Cramer et al. 2022, arXiv 2006.07239: std = 0.7 (1 - exp(-dt / tau_mem)) / sqrt(n_in)


def gaussian_weights(
    sizes: tuple[int, ...], neuron: NeuronSpec, seed: int
) -> list[tuple[NDArray[np.float32], NDArray[np.float32]]]:
    """Weights (n_in, n_out) and zero biases (n_out,) of every layer, in nominal thresholds.

    A layer whose leak is switched off takes the weights of the usual one, as neurons without a leak do.
    """
    layers = []
    for number, (n_in, n_out) in enumerate(pairwise(sizes)):
        tau = neuron.tau_steps_of(number)
        leak = 1 - np.exp(-1 / (tau if np.isfinite(tau) else _USUAL_TAU_STEPS))
        weights = stream("loop start", seed, number).standard_normal((n_in, n_out)) * _SIGMA * leak / np.sqrt(n_in)
        weights *= neuron.threshold_th_of(number)
        layers.append((weights.astype(np.float32), np.zeros(n_out, np.float32)))
    return layers
