"""Read noise: no two events through a synapse deliver the same charge."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from nonideality.effect import Nonideality, Site
from nonideality.errors import LayerErrors


class Read(Nonideality):
    """Independent Gaussian errors of every synaptic event's charge.

    An event through synapse (j, i) delivers x (w_ij + s z), z ~ N(0, 1) drawn anew for each event, x its amplitude (1
    for a spike). A column's sum over the events of a step is all that the neuron sees, and it is Gaussian with variance
    s^2 sum x^2: n s^2 for n spikes. So the chip draws one Gaussian per neuron and step, of variance sigma^2 + s^2 sum
    x^2, that carries membrane noise (sigma) and read noise alike: the same distribution as a draw for each event, at
    the price of membrane noise. The bias is a synapse with an event of amplitude 1 in every step.
    """

    name = "read"
    summary = "each synaptic event delivers a slightly different charge"
    level_meaning = "sigma of an event's charge, in full-scale weights of the layer (largest one programmed)"
    unit = "full-scale weights (0.05 is 5 % of full scale)"
    persistence = "temporal"
    moment = "operate"
    sites: ClassVar = {
        "synapse": Site(
            "the charge of each synaptic event, bias included", "adds {level} z full-scale weights, z ~ N(0, 1)"
        )
    }
    draw = "one Gaussian for each neuron at each step"
    source = (
        "additive Gaussian read noise, independent of the stored weight; the simplest model of trial-to-trial noise"
    )

    def fill(self, site: str, errors: LayerErrors, rng: np.random.Generator) -> None:
        errors.read_noise = np.hypot(errors.read_noise, self.level)
