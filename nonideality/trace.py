"""Trace mismatch: what rows remember of their spikes lasts unlike, and is held against unlike references."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from nonideality.effect import Nonideality, Site
from nonideality.errors import LayerErrors
from nonideality.mismatch import BIAS_OF_TRUNCATION, told_bias, truncated_gains

_GAIN = "factor 1 + {level} z, z ~ N(0, 1), truncated above 0"


class Trace(Nonideality):
    """Relative errors of the circuits that keep a row's trace, drawn once per die. A trace is its whole row's."""

    name = "trace"
    summary = "mismatch of the traces that input rows keep of their spikes"
    level_meaning = "sigma of the relative error at ONE standard deviation"
    unit = "relative (0.2 is 20 %)"
    persistence = "frozen"
    moment = "fabricate"
    sites: ClassVar = {
        "tau": Site("time constant of each row's trace (nothing to disturb where rows leave none)", _GAIN),
        "offset": Site("what is taken off each row's trace, where the learning rule asks for that", _GAIN),
    }
    remarks = (BIAS_OF_TRUNCATION,)
    source = "relative Gaussian, levels as for mismatch (Buechel et al. 2021); one circuit per row is our model"

    def fill(self, site: str, errors: LayerErrors, rng: np.random.Generator) -> None:
        gains = truncated_gains(rng, self.level, (errors.n_in,))
        if site == "tau":
            errors.trace_time_constant_gain = errors.trace_time_constant_gain * gains
        else:
            errors.trace_offset_gain = errors.trace_offset_gain * gains

    def describe(self, site: str) -> str:
        return super().describe(site) + told_bias(self.level)
