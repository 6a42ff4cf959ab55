"""Quantization: a stored weight has few levels."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from nonideality.effect import Nonideality, Site
from nonideality.errors import LayerErrors


class Quantization(Nonideality):
    """Weights are stored as signed whole numbers of LSBs; every write moves them by whole LSBs."""

    name = "quantization"
    summary = "few-bit weights, at programming and at every later write"
    level_meaning = "bits of a stored weight, sign included; leave the noise out for ideal analog weights"
    unit = "bits"
    level_range = (2, 15)
    whole_levels = True
    persistence = "frozen"
    moment = "program"
    sites: ClassVar = {
        "weight": Site(
            "stored weights and biases",
            "{level} bits: codes -(2^({level}-1) - 1) to 2^({level}-1) - 1, rounded to nearest when programmed",
        )
    }
    remarks = (
        "an update accumulator carries whole LSBs, truncated toward zero, and keeps the rest: no update is lost",
    )
    source = "sign and magnitude as on BrainScaleS-2 (6 bits and a sign; Cramer et al. 2022, arXiv 2006.07239)"

    def fill(self, site: str, errors: LayerErrors, rng: np.random.Generator) -> None:
        bits = int(self.level)
        errors.weight_bits = bits if errors.weight_bits is None else min(bits, errors.weight_bits)
