"""Missed counts: a spike leaves the neuron, but its accumulator does not see it."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from nonideality.effect import Nonideality, Site
from nonideality.errors import LayerErrors


class Missed(Nonideality):
    """Spikes that the neuron's own accumulator misses; the next layer still receives them."""

    name = "missed"
    summary = "spikes that the spike accumulator does not count"
    level_meaning = "probability that a spike is missed"
    unit = "fraction of spikes (0 to 1)"
    level_range = (0.0, 1.0)
    persistence = "temporal"
    moment = "operate"
    sites: ClassVar = {
        "accumulator": Site("each neuron's spike accumulator, at every spike", "missed with probability {level}"),
    }
    source = "independent misses are our model: a pulse too short for the counter's clock or lost to its reset"

    def fill(self, site: str, errors: LayerErrors, rng: np.random.Generator) -> None:
        errors.missed_counts = 1 - (1 - errors.missed_counts) * (1 - self.level)
