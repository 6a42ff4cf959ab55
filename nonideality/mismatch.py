"""Device mismatch: neighbouring circuits, drawn alike, come out different."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from nonideality.effect import Nonideality, Site
from nonideality.errors import LayerErrors


def truncated_gains(rng: np.random.Generator, sigma: float, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Relative gains 1 + sigma z, z standard normal, truncated to gains above zero (a gain changes no sign).

    One uniform draw per gain, so the stream's length does not depend on sigma. Below sigma = 0.3 the truncation
    concerns fewer than 5 in 10,000.
    """
    if sigma == 0:
        return np.ones(shape)
    from scipy.special import ndtr, ndtri  # takes longer than all else that a spec imports

    lowest = float(ndtr(-1 / sigma))  # probability of a gain below zero
    uniform = 1 - rng.random(shape)  # (0, 1]
    tiny = np.finfo(np.float64).tiny
    inside = np.minimum(lowest + (1 - lowest) * uniform, 1 - 2.0**-53)
    gains: NDArray[np.float64] = np.maximum(1 + sigma * ndtri(inside), tiny)
    return gains


def mean_of_truncated(sigma: float) -> float:
    """The mean of such gains: the lower tail is missing, so it lies above 1."""
    if sigma < 0.1:  # the tail begins ten sigma away
        return 1.0
    density = math.exp(-0.5 / (sigma * sigma)) / math.sqrt(2 * math.pi)
    share = 0.5 * math.erfc(-1 / sigma / math.sqrt(2))  # of draws above zero
    return 1 + sigma * density / share


def told_bias(sigma: float, of: str = "factor") -> str:
    """The mean of truncated gains, for the end of a description; nothing where it is 1 within 0.05 %."""
    mean = mean_of_truncated(sigma)
    return f"; mean {of} {mean:.4g}, by truncation" if mean > 1.0005 else ""


BIAS_OF_TRUNCATION = "truncation raises the mean factor: to " + ", ".join(
    f"{mean_of_truncated(sigma):.4g} at a sigma of {sigma:g}" for sigma in (0.2, 0.3, 0.5, 0.7, 1)
)
_GAIN = "factor 1 + {level} z, z ~ N(0, 1), truncated above 0"


class Mismatch(Nonideality):
    """Relative Gaussian errors of synapses and neurons, drawn once per die."""

    name = "mismatch"
    summary = "device-to-device variation of synapses and neurons"
    level_meaning = "sigma of the relative error at ONE standard deviation"
    unit = "relative (0.2 is 20 %)"
    persistence = "frozen"
    moment = "fabricate"
    sites: ClassVar = {
        "weight": Site("each synapse's gain, bias included; an update pulse is scaled alike", _GAIN),
        "threshold": Site("each neuron's comparator threshold, and the charge a subtractive reset removes", _GAIN),
        "leak": Site("each neuron's membrane time constant (nothing to disturb in an IF neuron)", _GAIN),
        "synapse_tau": Site(
            "each neuron's synaptic time constant (nothing to disturb where charge arrives within a step)", _GAIN
        ),
        "boxcar": Site("each edge of each neuron's boxcar gate: its distance from the neuron's own threshold", _GAIN),
    }
    remarks = (BIAS_OF_TRUNCATION,)
    source = "relative Gaussian, levels 0 to 0.7 as in Buechel et al. 2021; truncated at zero as in teili"

    def fill(self, site: str, errors: LayerErrors, rng: np.random.Generator) -> None:
        n_out = errors.n_out
        if site == "weight":
            errors.weight_gain = errors.weight_gain * truncated_gains(rng, self.level, (errors.n_in + 1, n_out))
        elif site == "threshold":
            errors.threshold_gain = errors.threshold_gain * truncated_gains(rng, self.level, (n_out,))
        elif site == "leak":
            errors.time_constant_gain = errors.time_constant_gain * truncated_gains(rng, self.level, (n_out,))
        elif site == "synapse_tau":
            gains = truncated_gains(rng, self.level, (n_out,))
            errors.synapse_time_constant_gain = errors.synapse_time_constant_gain * gains
        else:
            low, high = truncated_gains(rng, self.level, (2, n_out))
            errors.boxcar_low_gain = errors.boxcar_low_gain * low
            errors.boxcar_high_gain = errors.boxcar_high_gain * high

    def describe(self, site: str) -> str:
        return super().describe(site) + told_bias(self.level)
