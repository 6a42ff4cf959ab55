"""Silencing: some neurons never fire."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from nonideality.effect import Nonideality, Site
from nonideality.errors import LayerErrors

_DEAD = "each neuron dead with probability {level}, independently"


class Silencing(Nonideality):
    """Dead neurons, drawn once per die."""

    name = "silencing"
    summary = "neurons that never fire"
    level_meaning = "probability that a neuron is dead"
    unit = "fraction of neurons (0 to 1)"
    level_range = (0.0, 1.0)
    persistence = "frozen"
    moment = "fabricate"
    sites: ClassVar = {
        "hidden": Site("neurons of hidden layers", _DEAD),
        "output": Site("output neurons (off unless named: a dead class cannot be learned back)", _DEAD, False),
    }
    source = "neuron silencing as named by Yang et al. 2022 (arXiv 2210.04532); independent deaths are our model"

    def fill(self, site: str, errors: LayerErrors, rng: np.random.Generator) -> None:
        dead = rng.random(errors.n_out) < self.level
        if site == errors.role:
            errors.enabled = errors.enabled & ~dead
