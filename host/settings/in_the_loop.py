"""How training in the loop is set. The defaults are those of Cramer et al. 2022 (PNAS 119, arXiv 2006.07239).

All but one: their surrogates are centred on the nominal threshold, on a chip whose thresholds were calibrated before.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SerializerFunctionWrapHandler, model_serializer

from chipsim import AdcSpec
from learning_circuit import tell_settings

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Penalty = Annotated[float, Field(ge=0, allow_inf_nan=False)]


@tell_settings
class LossSpec(BaseModel):
    """The constants of Eq. 10, see `host.gradients.all_layers.loss`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    scale: Positive = 10.0  # of the scores, per threshold or per spike and step
    activity_penalty: Penalty = 5e-4  # per squared spike count
    weight_penalty: Penalty = 0.1  # per squared threshold


@tell_settings
class LoopSpec(BaseModel):
    """Training in the loop."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    batch: Annotated[int, Field(ge=1, le=4096)] = 100  # samples per step of the weights
    steepness: Positive = 50.0  # beta of Eq. 4, see `host.gradients.in_the_loop.model`
    # spike-time needs spikes alone, see `host.gradients.in_the_loop.spikes_alone`; `bound` keeps it from running away.
    surrogate: Literal["fast-sigmoid", "spike-time"] = "fast-sigmoid"
    bound: Literal["none", "gradient-norm", "short-memory", "unsaturated"] = "none"
    # What each neuron's surrogate is centred on, see `host.gradients.in_the_loop.thresholds`.
    thresholds: Literal["read-back", "nominal"] = "read-back"
    biases: bool = True  # whether they learn, or stay as they start
    rotation_deg: Annotated[float, Field(ge=0, le=45)] = 0.0  # training images are turned by up to so much
    loss: LossSpec = LossSpec()
    converter: AdcSpec = AdcSpec()

    @model_serializer(mode="wrap")
    def _without_what_is_unset(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Settings younger than files are left out where they say nothing: hash and file stay as they were."""
        written: dict[str, Any] = handler(self)
        unset = {
            name for name in ("surrogate", "bound") if getattr(self, name) == type(self).model_fields[name].default
        }
        return {name: value for name, value in written.items() if name not in unset}
