"""Boxcar offset: the edges of the gate around the threshold lie elsewhere."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from nonideality.effect import Nonideality, Site
from nonideality.errors import LayerErrors

_OFFSET = "adds {level} th z, z ~ N(0, 1)"


class Boxcar(Nonideality):
    """Offsets of the two comparators that make the boxcar gate, drawn once per die, independently."""

    name = "boxcar"
    summary = "offset of each edge of the boxcar gate"
    level_meaning = "sigma of an edge's additive offset"
    unit = "nominal thresholds"
    level_range = (0.0, 1000.0)  # beyond it float32 gives out
    persistence = "frozen"
    moment = "fabricate"
    sites: ClassVar = {
        "low": Site("the lower edge of each neuron's boxcar gate", _OFFSET),
        "high": Site("the upper edge; a gate whose edges have crossed never opens", _OFFSET),
    }
    source = "two comparators with Gaussian input offsets (Pelgrom et al. 1989); the gate is Eq. 8 of Yang et al. 2022"

    def fill(self, site: str, errors: LayerErrors, rng: np.random.Generator) -> None:
        offset = self.level * rng.standard_normal(errors.n_out)
        if site == "low":
            errors.boxcar_low_offset = errors.boxcar_low_offset + offset
        else:
            errors.boxcar_high_offset = errors.boxcar_high_offset + offset
