"""Thermal noise: the membrane is never still."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from nonideality.effect import Nonideality, Site
from nonideality.errors import LayerErrors


class Thermal(Nonideality):
    """White Gaussian noise on the membrane, drawn anew at every step of every neuron."""

    name = "thermal"
    summary = "Gaussian noise on the membrane at each step"
    level_meaning = "sigma of the charge added per step"
    unit = "nominal thresholds"
    persistence = "temporal"
    moment = "operate"
    sites: ClassVar = {"membrane": Site("each neuron's membrane, at every step", "adds {level} th z, z ~ N(0, 1)")}
    draw = "one Gaussian for each neuron at each step"
    source = "independent Gaussian increments, the discrete form of white current noise on a capacitor"

    def fill(self, site: str, errors: LayerErrors, rng: np.random.Generator) -> None:
        errors.membrane_noise = np.hypot(errors.membrane_noise, self.level)
