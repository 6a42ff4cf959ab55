"""A learning rule with a third factor: a reward that the host sends to all neurons, and traces of who deserves it.

Install it beside chipsim with ``pip install ./examples/three_factor``. No training method of the command line brings
rewards, so it is used from Python:

    circuit = LearningCircuitSpec(rule="three_factor", trace_tau_steps=4.0)
    chip = Chip(ChipSpec(layer_sizes=(64, 10), learning_circuit=circuit), die_seed=1)
    ...
    chip.learn(events, windows, [None], rates, broadcast=rewards)       # one reward per window
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

import numpy as np
import pydantic

from learning_circuit import Brings, Field, LearningCircuitSpec, LearningRule, Moment, Number, Rows, Seen

HABIT_PER_STEP = 1 / 64  # how fast a neuron gets used to how often it fires


class ThreeFactor(LearningRule):
    """Two updates in every step, r the reward:

        w_ij += eta r tag_i x_j                     x_j: trace of row j, or its spike where rows leave none
        w_ij -= eta homeostasis (C_i / t - wanted)  all rows alike: who fires too often gets less of everything

    tag_i fades and collects surprises: spikes less how often the neuron has fired in its life.
    """

    name = "three_factor"
    summary = "reward times what the neuron did beyond its habit, and a wanted rate"
    source = "Fremaux and Gerstner 2016, three-factor learning rules, Front. Neural Circuits 9:85"
    brings = frozenset({Brings.BROADCAST})
    fields: ClassVar[tuple[Field, ...]] = (
        Field("tag_decay", "what is left of the tag after a step", per="layer"),
        Field("homeostasis", "of the second update, over the learning rate", per="layer"),
        Field("wanted_rate", "that neurons are drawn to", "1/step", per="layer"),
        Field("habit", "how often it fires", "1/step", lasts="life", start=0.25),
        Field("tag", "fading sum of surprises", lasts="window"),
        Field("surprise", "spike less habit", lasts="step"),
    )

    class Settings(pydantic.BaseModel):
        """Of this rule alone."""

        model_config = pydantic.ConfigDict(frozen=True, extra="forbid")

        tag_tau_steps: Annotated[float, pydantic.Field(gt=0, allow_inf_nan=False)] = 4.0
        wanted_rate: Annotated[float, pydantic.Field(ge=0, le=1)] = 0.25
        homeostasis: Annotated[float, pydantic.Field(ge=0, allow_inf_nan=False)] = 0.1

    def rows(self, circuit: LearningCircuitSpec) -> tuple[Rows, ...]:
        return (Rows.SPIKES if circuit.trace_tau_steps is None else Rows.TRACES, Rows.ALL)

    def fabricate(self, settings: Any, errors: Any, fires: bool) -> Mapping[str, Any]:
        return {
            "tag_decay": np.exp(-1 / settings.tag_tau_steps),
            "homeostasis": settings.homeostasis,
            "wanted_rate": settings.wanted_rate,
        }

    def observe(self, own: Any, state: Any, seen: Seen, moment: Moment) -> None:
        state.surprise = seen.spiked.where(1.0 - state.habit, -state.habit)
        state.habit = state.habit + state.surprise * HABIT_PER_STEP
        state.tag = own.tag_decay * state.tag + state.surprise

    def pulses(self, own: Any, state: Any, seen: Seen, moment: Moment) -> list[Number]:
        excess = seen.count * moment.per_step - own.wanted_rate
        return [moment.rate * moment.broadcast * state.tag, -(moment.rate * own.homeostasis * excess)]
