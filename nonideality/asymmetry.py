"""Asymmetry: pulses that raise a weight are larger than those that lower it, or smaller."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from nonideality.effect import Nonideality, Site
from nonideality.errors import LayerErrors
from nonideality.noise_error import NoiseError


class Asymmetry(Nonideality):
    """Up and down pulses of different size: the same everywhere, with a random part per column on request."""

    name = "asymmetry"
    summary = "update pulses up larger than pulses down (a negative level: smaller)"
    level_meaning = "A: up pulses times 1 + A/2, down pulses times 1 - A/2"
    unit = "relative (0.2 is 20 %)"
    level_range = (-2.0, 2.0)
    persistence = "frozen"
    moment = "fabricate"
    options: ClassVar = {"spread": "sigma of a column's own Gaussian addition to A; the sum is held within -2 to 2"}
    sites: ClassVar = {
        "column": Site(
            "update pulses of each column",
            "A = {level} + spread z, z ~ N(0, 1), no spread unless given: up x (1 + A/2), down x (1 - A/2)",
        ),
    }
    remarks = ("what the spread carries beyond -2 or 2 is put there, which draws the mean of A toward 0",)
    source = "up/down imbalance of update circuits and of analog devices; the split into two halves is our convention"

    def __init__(self, level: float, options: Mapping[str, float] | None = None) -> None:
        super().__init__(level, options)
        self.spread = self.option_values.get("spread", 0.0)
        if not 0 <= self.spread < np.inf:
            raise NoiseError(f"asymmetry: spread {self.spread:g} is not a number of at least 0")

    def fill(self, site: str, errors: LayerErrors, rng: np.random.Generator) -> None:
        imbalance = np.clip(self.level + self.spread * rng.standard_normal(errors.n_out), -2, 2)
        errors.pulse_up_gain = errors.pulse_up_gain * (1 + imbalance / 2)
        errors.pulse_down_gain = errors.pulse_down_gain * (1 - imbalance / 2)
