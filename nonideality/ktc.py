"""kT/C noise: a capacitor that is let go of keeps a random charge, and a leak renews it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from nonideality.effect import Nonideality, Site
from nonideality.errors import LayerErrors
from nonideality.options import positive

_BOLTZMANN_J_PER_K = 1.380649e-23  # exact, SI 2019


class Ktc(Nonideality):
    """Thermal noise of the membrane from its capacitance: at every step its variance is k T / C, whatever the leak.

    The switch that clears the membrane for a window leaves sqrt(k T / C) behind when it opens. A membrane without a
    leak keeps this one sample until the window ends: nothing else touches the capacitor. One that leaks forgets it, and
    the leak's own Johnson noise puts as much back: of a step that leaves a part a of the membrane, sqrt(1 - a^2) times
    the sample, so that the variance stays. Charge that spikes bring, and the reset after a spike of the neuron, are
    taken to be noiseless: a subtractive reset moves a packet of charge, and what a reset to zero would sample anew is
    left out.
    """

    name = "ktc"
    summary = "thermal noise from the membrane's capacitance"
    level_meaning = "membrane capacitance"
    unit = "fF"
    level_range = (1e-9, 1e12)
    persistence = "temporal"
    moment = "operate"
    sites: ClassVar = {
        "membrane": Site(
            "each neuron's membrane: s when a window begins, and at each step what the leak has forgotten of it",
            "adds s z, then s sqrt(1 - a^2) z, a = e^(-1/tau), 1 without a leak; z ~ N(0, 1),"
            " s = sqrt(k T / {level} fF) / threshold, in th",
        )
    }
    options: ClassVar = {
        "temperature": "in K; 300 if not given",
        "threshold": "threshold voltage in V; 0.5 if not given",
    }
    draw = "one Gaussian for each neuron at each step"
    source = "equipartition: k T / 2 on a capacitor; Johnson and Nyquist 1928; k of the SI of 2019"

    def __init__(self, level: float, options: Mapping[str, float] | None = None) -> None:
        super().__init__(level, options)
        temperature, threshold = positive(self, "temperature", 300.0), positive(self, "threshold", 0.5)
        self.sigma = float(
            np.sqrt(_BOLTZMANN_J_PER_K * temperature / (self.level * 1e-15)) / threshold
        )  # in thresholds

    def fill(self, site: str, errors: LayerErrors, rng: np.random.Generator) -> None:
        errors.held_noise = np.hypot(errors.held_noise, self.sigma)

    def describe(self, site: str) -> str:
        return f"{super().describe(site)}; here s = {self.sigma:.3g}"
