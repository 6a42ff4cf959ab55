"""Pulse mismatch: the same update command moves one synapse further than its neighbour."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from nonideality.effect import Nonideality, Site
from nonideality.errors import LayerErrors
from nonideality.mismatch import BIAS_OF_TRUNCATION, told_bias, truncated_gains

_GAIN = "factor 1 + {level} z, z ~ N(0, 1), truncated above 0"


class Pulse(Nonideality):
    """Relative gain of the update pulse. What a synapse delivers is not touched: that is mismatch@weight."""

    name = "pulse"
    summary = "gain mismatch of the update pulse: what is written differs, what is delivered does not"
    level_meaning = "sigma of the relative error at ONE standard deviation"
    unit = "relative (0.2 is 20 %)"
    persistence = "frozen"
    moment = "fabricate"
    sites: ClassVar = {
        "synapse": Site("each synapse's update pulse, bias included", _GAIN),
        "column": Site("the pulse generator of each column, all its synapses alike", _GAIN),
    }
    remarks = (BIAS_OF_TRUNCATION,)
    source = "relative Gaussian, levels as for mismatch (Buechel et al. 2021); truncated at zero"

    def fill(self, site: str, errors: LayerErrors, rng: np.random.Generator) -> None:
        if site == "synapse":
            errors.pulse_gain = errors.pulse_gain * truncated_gains(rng, self.level, (errors.n_in + 1, errors.n_out))
        else:
            gains = truncated_gains(rng, self.level, (errors.n_out,))
            errors.pulse_up_gain = errors.pulse_up_gain * gains
            errors.pulse_down_gain = errors.pulse_down_gain * gains

    def describe(self, site: str) -> str:
        return super().describe(site) + told_bias(self.level)
