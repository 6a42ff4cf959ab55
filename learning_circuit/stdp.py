"""Spike-timing-dependent plasticity: by a power law of weights (Diehl & Cook 2015), and by triplets of spikes."""

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
        steps = _room_left(settings.mu)
        return UnipolarSynapses(settings.w_max_th, steps, steps)

    def trace_offset(self, settings: Any) -> float:
        return float(settings.x_tar)

    def fabricate(self, settings: Any, errors: Any, fires: bool) -> Mapping[str, Any]:
        return {"largest_weight": settings.w_max_th}

    def pulses(self, own: Any, state: Any, seen: Seen, moment: Moment) -> list[Number]:
        return [seen.spiked.where(moment.rate * own.largest_weight, 0.0)]


class TripletStdp(LearningRule):
    """Eqs. 3 and 4 of Pfister & Gerstner: a spike of the neuron counts for more if it has fired a short while before.

        dw_j / w_max = -eta fall o (w_j / w_max)^mu                          at a spike of row j
        dw_j / w_max =  eta x_j (pair + triplet s) (1 - w_j / w_max)^mu      at a spike of the neuron

    x_j: row j's trace; o, s: traces of the neuron's own spikes, a fast and a slow one, as they were before this spike.
    They begin with the window. A row has one trace: the slow one of inputs is left out, as in their minimal models.
    """

    name = "stdp_triplet"
    summary = "as stdp, of pairs and triplets of spikes: inputs' spikes lower weights, those of the neuron raise them"
    source = "Pfister & Gerstner 2006, J. Neurosci. 26:9673, Eqs. 3 and 4"
    unipolar = True
    fields: ClassVar[tuple[Field, ...]] = (
        Field("fast_kept", "what is left of the fast trace after one step", per="layer"),
        Field("slow_kept", "what is left of the slow trace after one step", per="layer"),
        Field("fall", "by which an input's spike lowers a weight, for a fast trace of 1, below 0", "th", per="layer"),
        Field("rise_of_pair", "by which a spike raises a weight, for an input's trace of 1", "th", per="layer"),
        Field("rise_of_triplet", "the same for a slow trace of 1", "th", per="layer"),
        Field("fast", "trace of the neuron's spikes", lasts="window"),
        Field("slow", "slow trace of the neuron's spikes", lasts="window"),
    )

    class Settings(LearningRule.Settings):
        """Ratios and times as in their fit to visual cortex, a step being 11 ms: 32 of them are Diehl & Cook's 350."""

        w_max_th: Annotated[float, pydantic.Field(gt=0, le=1e6, allow_inf_nan=False)] = 0.1
        mu: Annotated[float, pydantic.Field(ge=0, le=10, allow_inf_nan=False)] = 0.2
        pair: Annotated[float, pydantic.Field(ge=0, le=1e3, allow_inf_nan=False)] = 0.0
        triplet: Annotated[float, pydantic.Field(ge=0, le=1e3, allow_inf_nan=False)] = 1.0
        fall: Annotated[float, pydantic.Field(ge=0, le=1e3, allow_inf_nan=False)] = 1.09
        tau_fast_steps: Annotated[float, pydantic.Field(gt=0, le=1e6, allow_inf_nan=False)] = 3.1
        tau_slow_steps: Annotated[float, pydantic.Field(gt=0, le=1e6, allow_inf_nan=False)] = 10.4

    def rows(self, circuit: LearningCircuitSpec) -> tuple[Rows, ...]:
        return Rows.SPIKES, Rows.TRACES

    def synapses(self, settings: Any) -> UnipolarSynapses:
        steps = _room_left(settings.mu)
        return UnipolarSynapses(settings.w_max_th, steps, steps[::-1])

    def fabricate(self, settings: Any, errors: Any, fires: bool) -> Mapping[str, Any]:
        return {
            "fast_kept": np.exp(-1 / settings.tau_fast_steps),
            "slow_kept": np.exp(-1 / settings.tau_slow_steps),
            "fall": -settings.fall * settings.w_max_th,
            "rise_of_pair": settings.pair * settings.w_max_th,
            "rise_of_triplet": settings.triplet * settings.w_max_th,
        }

    def observe(self, own: Any, state: Any, seen: Seen, moment: Moment) -> None:
        fast, slow = own.fast_kept * state.fast, own.slow_kept * state.slow
        state.fast, state.slow = (seen.spiked.where(trace + 1.0, trace) for trace in (fast, slow))

    def pulses(self, own: Any, state: Any, seen: Seen, moment: Moment) -> list[Number]:
        fast, slow = (seen.spiked.where(trace - 1.0, trace) for trace in (state.fast, state.slow))
        rise = moment.rate * (own.rise_of_pair + own.rise_of_triplet * slow)
        return [moment.rate * own.fall * fast, seen.spiked.where(rise, 0.0)]


def _room_left(mu: float) -> Any:
    """(k,) relative steps up: (1 - w / w_max)^mu at even places."""
    return (1 - np.linspace(0, 1, _PLACES)) ** mu
