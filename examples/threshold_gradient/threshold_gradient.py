"""A nonideality of one's own: a process gradient tilts the thresholds from one edge of the die to the other.

Install it beside chipsim with ``pip install ./examples/threshold_gradient``; then ``chipsim noise`` lists it and
``chipsim run --noise=threshold_gradient:0.3`` uses it.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

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
    sites: ClassVar = {
        "threshold": Site("each neuron's comparator threshold", "factor 1 -+ {level} / 2 across, sign drawn per layer")
    }
    source = "across-die gradients, see any text on analog layout; the linear form is the simplest"

    def fill(self, site: str, errors: LayerErrors, rng: np.random.Generator) -> None:
        sign = rng.choice([-1.0, 1.0])
        errors.threshold_gain *= 1 + sign * np.linspace(-self.level / 2, self.level / 2, errors.n_out)
