"""kT/C noise: a capacitor that is switched keeps a random charge."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from nonideality.effect import Nonideality, Site
from nonideality.errors import LayerErrors
from nonideality.options import positive

_BOLTZMANN_J_PER_K = 1.380649e-23  # exact, SI 2019


class Ktc(Nonideality):
    """Thermal noise of the membrane from its capacitance: sigma = sqrt(k T / C), once per step.

    Once per step, because a step of a switched-capacitor membrane connects it to its synapses and lets go of it, and
    each time the switch opens it leaves sqrt(k T / C) behind. Noise of the reset alone would be less: a subtractive
    reset moves a charge that is switched as well but only where a neuron fired, and it comes within the same step. For
    a membrane that leaks, per step is the upper bound: left alone, its noise settles at k T / C in total.
    """

    name = "ktc"
    summary = "thermal noise from the membrane's capacitance"
    level_meaning = "membrane capacitance"
    unit = "fF"
    level_range = (1e-3, 1e12)
    persistence = "temporal"
    moment = "operate"
    sites: ClassVar = {
        "membrane": Site(
            "each neuron's membrane, at every step", "adds s th z, z ~ N(0, 1), s = sqrt(k T / {level} fF) / threshold"
        )
    }
    options: ClassVar = {
        "temperature": "in K; 300 if not given",
        "threshold": "threshold voltage in V; 0.5 if not given",
    }
    source = "equipartition: k T / 2 on a capacitor; Johnson and Nyquist 1928; k of the SI of 2019"

    def __init__(self, level: float, options: Mapping[str, float] | None = None) -> None:
        super().__init__(level, options)
        temperature, threshold = positive(self, "temperature", 300.0), positive(self, "threshold", 0.5)
        self.sigma = float(
            np.sqrt(_BOLTZMANN_J_PER_K * temperature / (self.level * 1e-15)) / threshold
        )  # in thresholds

    def fill(self, site: str, errors: LayerErrors, rng: np.random.Generator) -> None:
        errors.membrane_noise = np.hypot(errors.membrane_noise, self.sigma)

    def describe(self, site: str) -> str:
        return f"{super().describe(site)}; here s = {self.sigma:.3g}"
