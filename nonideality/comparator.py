"""Comparator offset: a neuron's learning circuit sees its error shifted."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from nonideality.effect import Nonideality, Site
from nonideality.errors import LayerErrors


class Comparator(Nonideality):
    """Offset of the comparison of target count and spike count, drawn once per die."""

    name = "comparator"
    summary = "offset of each neuron's error comparator"
    level_meaning = "sigma of the offset added to target count minus spike count, ahead of the error gate"
    unit = "counts"
    level_range = (0.0, 1000.0)  # beyond it float32 gives out
    persistence = "frozen"
    moment = "fabricate"
    sites: ClassVar = {
        "error": Site("each neuron's error, whichever gate follows", "adds {level} z counts, z ~ N(0, 1)"),
    }
    source = "input-referred Gaussian offset of a comparator, the usual outcome of Pelgrom's law (Pelgrom et al. 1989)"

    def fill(self, site: str, errors: LayerErrors, rng: np.random.Generator) -> None:
        errors.comparator_offset = errors.comparator_offset + self.level * rng.standard_normal(errors.n_out)
