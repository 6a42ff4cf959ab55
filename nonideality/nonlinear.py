"""Nonlinearity of analog devices: the closer to the end of its range, the smaller the step toward it (soft bounds)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from nonideality.effect import Nonideality, Site
from nonideality.errors import LayerErrors
from nonideality.noise_error import NoiseError


def exponential_steps(nonlinearity: float) -> NDArray[np.float64]:
    """Relative steps up at the low and at the high end of the range; between them the step falls in a straight line.

    A pulse train takes the conductance along G(p) = (1 - exp(-p / A)) / (1 - exp(-1 / A)), p from 0 to 1 the part of
    all pulses, A = 1 / nonlinearity. Its slope as a function of G is (1 / (1 - exp(-1 / A)) - G) / A; 1 is linear.
    """
    if nonlinearity == 0:
        return np.ones(2)
    high_end = nonlinearity / np.expm1(nonlinearity)
    return np.array([high_end + nonlinearity, high_end])


class Nonlinear(Nonideality):
    """Step size that depends on the weight's place in its range, and a range that ends."""

    name = "nonlinear"
    summary = "soft-bound nonlinearity and limited range of analog devices"
    level_meaning = "e-foldings by which the step up shrinks from the low to the high end (1/A); 0 is linear, bounded"
    unit = "1 (ratio of first to last step: exp(level))"
    level_range = (0.0, 20.0)
    persistence = "frozen"
    moment = "operate"
    options: ClassVar = {"down": "the same for the step down, from the high to the low end; as the level if left out"}
    sites: ClassVar = {
        "device": Site(
            "every analog synapse (not with quantization), held within +- the largest weight programmed into its layer",
            "exponential pulse curves, {level} up, the same down unless said otherwise, the same for all devices",
        ),
    }
    source = (
        "exponential conductance curves of MLP-NeuroSim (Chen et al. 2018), its A taken as a part of all pulses; its"
        " nonlinearity label is another number for the same curves"
    )

    def __init__(self, level: float, options: Mapping[str, float] | None = None) -> None:
        super().__init__(level, options)
        self.down = self.option_values.get("down", level)
        low, high = self.level_range
        if not low <= self.down <= high:
            raise NoiseError(f"nonlinear: down {self.down:g} is not a number from {low:g} to {high:g}")

    def fill(self, site: str, errors: LayerErrors, rng: np.random.Generator) -> None:
        errors.step_up = exponential_steps(self.level)
        errors.step_down = exponential_steps(self.down)[::-1].copy()
