"""A nonideality of one's own: a process gradient tilts the thresholds from one edge of the die to the other.

Install it beside chipsim with ``pip install ./examples/threshold_gradient``; then ``chipsim noise`` lists it and
``chipsim run --noise=threshold_gradient:0.3`` uses it, and so does
``--noise=threshold_gradient:0.3,direction=up``.
"""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from pydantic import BaseModel, Field

from nonideality import LayerErrors, Nonideality, Site


class ThresholdGradient(Nonideality):
    """Thresholds rise linearly with the column, or fall: the die's seed decides."""

    name = "threshold_gradient"
    summary = "linear process gradient of the thresholds across a layer's columns"
    level_meaning = "relative difference between the first and the last column's threshold"
    unit = "relative (0.3 is 30 %)"
    level_range = (0.0, 1.9)
    persistence = "frozen"
    moment = "fabricate"
    sites: ClassVar = {"threshold": Site("each neuron's comparator threshold", "factor 1 -+ {level} / 2 across")}
    source = "across-die gradients, see any text on analog layout; the linear form is the simplest"

    class Options(BaseModel):
        """Any pydantic types: words here, and a FilePath would be as good, for a gradient that was measured."""

        direction: Literal["random", "up", "down"] = Field(
            "random", description="whether thresholds rise with the column; random: drawn for each layer"
        )

    def fill(self, site: str, errors: LayerErrors, rng: np.random.Generator) -> None:
        sign = {"random": rng.choice([-1.0, 1.0]), "up": 1.0, "down": -1.0}[self.chosen.direction]
        positions = errors.place.positions  # of an image; each has a neuron in every column
        across = np.linspace(-self.level / 2, self.level / 2, errors.n_out // positions)
        errors.threshold_gain = errors.threshold_gain * np.tile(1 + sign * across, positions)
