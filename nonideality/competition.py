"""Competition offset: neurons that compete for the right to fire are compared with an error."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from nonideality.effect import Nonideality, Site
from nonideality.errors import LayerErrors


class Competition(Nonideality):
    """Offset of the comparator by which each neuron takes part in a winner-take-all, drawn once per die."""

    name = "competition"
    summary = "offset of each neuron's comparator in a winner-take-all"
    level_meaning = "sigma of what is taken off the margin of the membrane above the neuron's own threshold"
    unit = "nominal thresholds"
    level_range = (0.0, 1000.0)
    persistence = "frozen"
    moment = "fabricate"
    sites: ClassVar = {
        "margin": Site(
            "each neuron's margin, by which the winner is found; below 0 it does not fire",
            "takes {level} th z off, z ~ N(0, 1)",
        ),
    }
    source = "input-referred Gaussian offset of a comparator (Pelgrom et al. 1989), whatever the threshold has risen to"

    def fill(self, site: str, errors: LayerErrors, rng: np.random.Generator) -> None:
        errors.margin_offset = errors.margin_offset + self.level * rng.standard_normal(errors.n_out)
