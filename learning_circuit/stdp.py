"""Spike-timing-dependent plasticity with power-law weight dependence (Diehl & Cook 2015)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

import numpy as np
import pydantic

from learning_circuit.field import Field
from learning_circuit.number import Number
from learning_circuit.rule import LearningRule, Moment, Rows, Seen, UnipolarSynapses
from learning_circuit.spec import LearningCircuitSpec

_PLACES = 1025  # of the power law's table: it is exact but for the last thousandth of the range, where it falls to 0


class Stdp(LearningRule):
    """Eq. 3: a neuron that fires moves its whole column, up in rows that were active lately, down in all others.

        dw_j / w_max = eta (x_j - x_tar) (1 - w_j / w_max)^mu,   0 <= w_j <= w_max

    x_j: row j's trace, which falls by e^(-1 / tau) a step and rises by 1 at a spike. In the paper w_max is 1; measured
    from it, eta says the same of any w_max. A measured or nonlinear device has its own curve in the power law's place.
    """

    name = "stdp"
    summary = "a spike moves its column: up where inputs were active, down elsewhere; unsupervised"
    source = "Diehl & Cook 2015, Front. Comput. Neurosci. 9:99, Eq. 3"
    unipolar = True
    waits_for_spikes = True
    fields: ClassVar[tuple[Field, ...]] = (Field("largest_weight", "w_max", "th", per="layer"),)

    class Settings(LearningRule.Settings):
        """Chosen for windows of 32 steps, in which an input spikes at every second step at most."""

        w_max_th: Annotated[float, pydantic.Field(gt=0, le=1e6, allow_inf_nan=False)] = 0.1
        mu: Annotated[float, pydantic.Field(ge=0, le=10, allow_inf_nan=False)] = 0.2  # 0: steps of one size
        x_tar: Annotated[float, pydantic.Field(ge=0, le=1e6, allow_inf_nan=False)] = 0.5

    def rows(self, circuit: LearningCircuitSpec) -> tuple[Rows, ...]:
        return (Rows.OFFSET_TRACES,)

    def synapses(self, settings: Any) -> UnipolarSynapses:
        return UnipolarSynapses(settings.w_max_th, (1 - np.linspace(0, 1, _PLACES)) ** settings.mu)

    def trace_offset(self, settings: Any) -> float:
        return float(settings.x_tar)

    def fabricate(self, settings: Any, errors: Any, fires: bool) -> Mapping[str, Any]:
        return {"largest_weight": settings.w_max_th}

    def pulses(self, own: Any, state: Any, seen: Seen, moment: Moment) -> list[Number]:
        return [seen.spiked.where(moment.rate * own.largest_weight, 0.0)]
