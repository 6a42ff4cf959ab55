"""Cycle-to-cycle variation: no two update pulses are alike."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from nonideality.effect import Nonideality, Site
from nonideality.errors import LayerErrors


class Cycle(Nonideality):
    """Relative Gaussian error of every single write."""

    name = "cycle"
    summary = "cycle-to-cycle variation of the update pulse"
    level_meaning = "sigma of the relative size of one write"
    unit = "relative to the write (0.2 is 20 %)"
    level_range = (0.0, 1000.0)  # beyond it float32 gives out
    persistence = "temporal"
    moment = "operate"
    sites: ClassVar = {
        "write": Site(
            "every write of every synapse", "factor 1 + {level} z, z ~ N(0, 1), not truncated: a write may go astray"
        ),
    }
    draw = "one Gaussian for each write"
    source = (
        "our model, relative to the write; MLP-NeuroSim (Chen et al. 2018) gives it in parts of the range: see write"
    )

    def fill(self, site: str, errors: LayerErrors, rng: np.random.Generator) -> None:
        errors.cycle_noise = np.hypot(errors.cycle_noise, self.level)
