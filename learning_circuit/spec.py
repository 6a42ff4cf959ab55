"""The learning circuit's design parameters, the same for every neuron of a chip."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

ErrorGate = Literal["linear", "sign", "ternary"]


class LearningCircuitSpec(BaseModel):
    """Spike accumulator, target accumulator, error gate, boxcar gate and update unit (Yang et al. 2022, Figure 1d)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    accumulator_bits: Annotated[int, Field(ge=1, le=24)] = 8
    error_gate: ErrorGate = "linear"
    dead_zone_counts: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 1.0
    boxcar_width_th: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 3.0
    warm_up_steps: Annotated[int, Field(ge=0)] = 8
    update_accumulator_bits: Annotated[int, Field(ge=0, le=14)] = 8
