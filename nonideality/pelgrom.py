"""Pelgrom's law: the larger a device, the better it matches its neighbour."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from nonideality.effect import Nonideality, Site
from nonideality.errors import LayerErrors
from nonideality.mismatch import BIAS_OF_TRUNCATION, told_bias, truncated_gains
from nonideality.options import not_negative, positive

_GAIN = "factor 1 + s z, z ~ N(0, 1), truncated above 0, s = {} / sqrt({{level}})"


class Pelgrom(Nonideality):
    """Mismatch of a neuron's devices from their area: sigma = A / sqrt(area).

    Capacitance mismatch scales what every charge does to the column's membrane: a synapse's (and so its update pulse),
    that of read noise, and that of a subtractive reset, each by 1 / C; and it scales the membrane's time constant by C.
    The coefficients given where none are named are round figures of ours for an old CMOS process; take your foundry's.
    """

    name = "pelgrom"
    summary = "mismatch of thresholds, leaks and capacitances from device area"
    level_meaning = "area of each matched device"
    unit = "um^2"
    level_range = (1e-3, 1e12)
    persistence = "frozen"
    moment = "fabricate"
    sites: ClassVar = {
        "threshold": Site(
            "each neuron's comparator threshold, and the charge a subtractive reset removes",
            _GAIN.format("avt / 1000 / threshold"),
        ),
        "leak": Site(
            "each neuron's leak conductance, which divides its time constant (nothing to disturb in an IF neuron)",
            _GAIN.format("leak / 100"),
        ),
        "capacitance": Site(
            "each neuron's membrane capacitance, which divides every charge and multiplies the time constant",
            _GAIN.format("capacitance / 100"),
        ),
    }
    options: ClassVar = {
        "avt": "A_VT of the comparator's input pair in mV um; 5 if not given",
        "threshold": "threshold voltage in V; 0.5 if not given",
        "leak": "coefficient of the leak conductance in % um; 2 if not given",
        "capacitance": "coefficient of the capacitance in % um; 0.5 if not given",
    }
    remarks = (BIAS_OF_TRUNCATION,)
    source = "Pelgrom, Duinmaijer, Welbers, Matching properties of MOS transistors, IEEE JSSC 24 (1989) 1433"

    def __init__(self, level: float, options: Mapping[str, float] | None = None) -> None:
        super().__init__(level, options)
        root_area = np.sqrt(self.level)
        avt, threshold = not_negative(self, "avt", 5.0), positive(self, "threshold", 0.5)
        self.sigma = {  # relative, per site
            "threshold": avt / 1000 / root_area / threshold,
            "leak": not_negative(self, "leak", 2.0) / 100 / root_area,
            "capacitance": not_negative(self, "capacitance", 0.5) / 100 / root_area,
        }

    def fill(self, site: str, errors: LayerErrors, rng: np.random.Generator) -> None:
        factor = truncated_gains(rng, float(self.sigma[site]), (errors.n_out,))
        if site == "threshold":
            errors.threshold_gain = errors.threshold_gain * factor
        elif site == "leak":
            errors.time_constant_gain = errors.time_constant_gain / factor
        else:
            errors.charge_gain = errors.charge_gain / factor
            errors.time_constant_gain = errors.time_constant_gain * factor

    def describe(self, site: str) -> str:
        return f"{super().describe(site)}; here s = {self.sigma[site]:.3g}{told_bias(float(self.sigma[site]))}"
