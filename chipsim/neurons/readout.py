"""Readouts: neurons that leak and integrate, and never fire. What a chip is read by is their membrane."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from chipsim.neurons.lif import LeakyIntegrateAndFire
from chipsim.neurons.model import NeuronModel
from learning_circuit import Field, Number


class Readout(NeuronModel):
    """The last membrane over its threshold, or the highest, stands in for the count.

    Its leak and threshold are those of `of`, the neuron whose place it takes.
    """

    name = "readout"
    summary = "leaks and integrates, never fires"
    source = "Yang et al. 2022, arXiv 2210.04532, Eq. 1 without a reset"
    fires = False
    first_count = -np.inf  # below every score
    fields: ClassVar[tuple[Field, ...]] = (
        *LeakyIntegrateAndFire.fields,
        Field("peak", "1 if the highest score since the window began counts, 0 if the last does", per="layer"),
    )

    class Settings(LeakyIntegrateAndFire.Settings):
        """Those of the neuron whose place it takes."""

    def __init__(self, of: LeakyIntegrateAndFire, peak: bool) -> None:
        self._of = of
        self._peak = peak

    def fabricate(self, settings: Any, errors: Any) -> Mapping[str, Any]:
        """Silencing does not touch the threshold of a readout, but its current."""
        return {**self._of.fabricate(settings, errors), "threshold": errors.threshold_gain, "peak": float(self._peak)}

    def left_after_step(self, own: Mapping[str, Any]) -> Any:
        return own["decay"]

    def integrate(self, own: Any, state: Any, spiked: Any, current: Number) -> None:
        state.membrane = own.decay * state.membrane + current

    def score(self, own: Any, state: Any, before: Number) -> Number:
        score = state.membrane / own.threshold
        is_higher = score > before
        highest = is_higher.where(score, before)
        return own.peak.not_equal(0).where(highest, score)  # type: ignore[no-any-return]
