"""Drift: what a synapse holds fades with time, each at its own pace."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from nonideality.effect import Nonideality, Site
from nonideality.errors import LayerErrors
from nonideality.mismatch import BIAS_OF_TRUNCATION, told_bias, truncated_gains
from nonideality.options import not_negative, positive


class Drift(Nonideality):
    """Power-law drift w(t) = w(t0) (t / t0)^-nu, one trajectory per die.

    nu is drawn once per synapse. t runs from t0 at programming: every window that the die learns from adds the time of
    a window, and every rest its own (see `chipsim.Chip.age`). The clock is the synapse's, set by programming alone:
    what learning writes later lies on the same curve as what was there before, so a pulse is scaled by (t / t0)^-nu
    like the weight that it changes. A stuck synapse does not drift.
    """

    name = "drift"
    summary = "weights fade with time by a power law"
    level_meaning = "mean exponent nu of (t / t0)^-nu"
    unit = "exponent, dimensionless (0.05 is 11 % less after one decade of time)"
    persistence = "frozen"
    moment = "age"
    sites: ClassVar = {
        "weight": Site(
            "each synapse's gain, bias included; an update pulse is scaled alike",
            "factor (t / t0)^-nu, nu = {level} (1 + spread z), z ~ N(0, 1), truncated above 0; t goes on with every"
            " window learned from and every rest",
        )
    }
    options: ClassVar = {
        "spread": "relative sigma of nu between synapses; 0.2 if not given",
        "t0": "age at programming in seconds, when the factor is 1; 1 if not given",
        "window": "seconds that a window lasts; 0.001 if not given",
    }
    remarks = (f"of nu / LEVEL, whose sigma is the spread, {BIAS_OF_TRUNCATION}",)
    source = "power-law conductance drift as known of phase-change memory and modelled by IBM's aihwkit; nu per synapse"

    def __init__(self, level: float, options: Mapping[str, float] | None = None) -> None:
        super().__init__(level, options)
        self.spread = not_negative(self, "spread", 0.2)
        self.t0_s = positive(self, "t0", 1.0)
        self.window_s = positive(self, "window", 1e-3)

    def fill(self, site: str, errors: LayerErrors, rng: np.random.Generator) -> None:
        errors.drift_exponent = self.level * truncated_gains(rng, self.spread, (errors.n_in + 1, errors.n_out))
        errors.drift_t0_s = self.t0_s
        errors.window_s = self.window_s

    def describe(self, site: str) -> str:
        return super().describe(site) + told_bias(self.spread, f"nu / {self.level:g}")
