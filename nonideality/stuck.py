"""Stuck synapses: some deliver the end of their range, whatever is written to them."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from nonideality.effect import Nonideality, Site
from nonideality.errors import LayerErrors


class Stuck(Nonideality):
    """Synapses stuck at one end of their range, drawn once per die.

    The range is symmetric about zero. Its ends are those of the codes for few-bit weights; for analog ones the largest
    magnitude that was programmed into the layer. A synapse that two sites hit keeps the end it was given first.
    """

    name = "stuck"
    summary = "synapses stuck at the end of their range"
    level_meaning = "probability that a synapse is stuck"
    unit = "fraction of synapses (0 to 1)"
    level_range = (0.0, 1.0)
    persistence = "frozen"
    moment = "fabricate"
    sites: ClassVar = {
        "either": Site(
            "synapses, bias included, at either end of their range",
            "low with probability {level} / 2, high with {level} / 2, independently",
        ),
        "low": Site(
            "the same, all of them at the lowest value", "stuck with probability {level}, independently", False
        ),
        "high": Site(
            "the same, all of them at the highest value", "stuck with probability {level}, independently", False
        ),
    }
    source = "stuck-at faults of memory arrays; independent faults are our model"

    def fill(self, site: str, errors: LayerErrors, rng: np.random.Generator) -> None:
        chance = rng.random((errors.n_in + 1, errors.n_out))
        low_share = {"either": self.level / 2, "low": self.level, "high": 0.0}[site]
        end = np.where(chance < low_share, -1, 1) * (chance < self.level)
        errors.stuck = np.where(errors.stuck != 0, errors.stuck, end)
