"""Write noise: whatever is written, the weight ends up beside it."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from nonideality.effect import Nonideality, Site
from nonideality.errors import LayerErrors


class Write(Nonideality):
    """Additive Gaussian error of every write during learning; programming is not touched.

    With cycle-to-cycle variation (see cycle) the chip draws one Gaussian per write, whose variance is the sum of both:
    the same distribution as a draw for each, at the price of one.
    """

    name = "write"
    summary = "additive noise of every write of an analog synapse"
    level_meaning = "sigma of what one write adds to the stored weight"
    unit = "full scales (largest magnitude programmed into the layer; half of a device's range)"
    level_range = (0.0, 1000.0)  # beyond it float32 gives out
    persistence = "temporal"
    moment = "operate"
    sites: ClassVar = {
        "write": Site(
            "every write of every analog synapse (not with quantization)", "adds {level} full scales z, z ~ N(0, 1)"
        ),
    }
    draw = "one Gaussian for each write"
    source = "additive cycle-to-cycle variation in parts of the range as in MLP-NeuroSim (Chen et al. 2018)"

    def fill(self, site: str, errors: LayerErrors, rng: np.random.Generator) -> None:
        errors.write_noise = np.hypot(errors.write_noise, self.level)
