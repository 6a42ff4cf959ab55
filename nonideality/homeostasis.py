"""Homeostasis mismatch: a spike raises one threshold more than another, and what was raised leaks away unlike."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from nonideality.effect import Nonideality, Site
from nonideality.errors import LayerErrors
from nonideality.mismatch import BIAS_OF_TRUNCATION, told_bias, truncated_gains

_GAIN = "factor 1 + {level} z, z ~ N(0, 1), truncated above 0"


class Homeostasis(Nonideality):
    """Relative errors of the circuits that move thresholds, drawn once per die."""

    name = "homeostasis"
    summary = "mismatch of what thresholds that adapt gain at a spike, and of their leak"
    level_meaning = "sigma of the relative error at ONE standard deviation"
    unit = "relative (0.2 is 20 %)"
    persistence = "frozen"
    moment = "fabricate"
    sites: ClassVar = {
        "step": Site("by how much a spike raises each neuron's threshold", _GAIN),
        "leak": Site("the time in which each neuron's raised threshold leaks away", _GAIN),
    }
    remarks = (BIAS_OF_TRUNCATION,)
    source = "relative Gaussian, levels as for mismatch (Buechel et al. 2021); a charge per neuron is our model"

    def fill(self, site: str, errors: LayerErrors, rng: np.random.Generator) -> None:
        gains = truncated_gains(rng, self.level, (errors.n_out,))
        if site == "step":
            errors.theta_step_gain = errors.theta_step_gain * gains
        else:
            errors.theta_leak_gain = errors.theta_leak_gain * gains

    def describe(self, site: str) -> str:
        return super().describe(site) + told_bias(self.level)
