"""The learning circuit's design parameters, the same for every neuron of a chip."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from learning_circuit.pulse_curve import read_pulse_curve

ErrorGate = Literal["linear", "sign", "ternary"]
RelativeSteps = Annotated[
    tuple[Annotated[float, Field(ge=0, allow_inf_nan=False)], ...], Field(min_length=2, max_length=4096)
]


class LearningCircuitSpec(BaseModel):
    """Spike accumulator, target accumulator, error gate, boxcar gate and update unit (Yang et al. 2022, Figure 1d)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    accumulator_bits: Annotated[int, Field(ge=1, le=24)] = 8
    error_gate: ErrorGate = "linear"
    dead_zone_counts: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 1.0
    boxcar_width_th: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 3.0
    warm_up_steps: Annotated[int, Field(ge=0)] = 8
    update_accumulator_bits: Annotated[int, Field(ge=0, le=14)] = 8
    # A CSV of measured pulses is read once and becomes the two settings after it, so that a spec needs no other file.
    pulse_curve_csv: str | None = None
    # Relative steps of the device at even places from the low to the high end of its range, 1 for a linear one.
    potentiation_steps: RelativeSteps | None = None
    depression_steps: RelativeSteps | None = None

    @model_validator(mode="before")
    @classmethod
    def _measured(cls, settings: Any) -> Any:
        if not isinstance(settings, dict) or settings.get("pulse_curve_csv") is None:
            return settings
        if settings.keys() & {"potentiation_steps", "depression_steps"}:
            raise ValueError("pulse_curve_csv and potentiation_steps or depression_steps say the same: keep one")
        up, down = read_pulse_curve(str(settings["pulse_curve_csv"]))
        steps = {"potentiation_steps": tuple(up.tolist()), "depression_steps": tuple(down.tolist())}
        return settings | steps | {"pulse_curve_csv": None}

    @model_validator(mode="after")
    def _both_ways(self) -> LearningCircuitSpec:
        if (self.potentiation_steps is None) != (self.depression_steps is None):
            raise ValueError("potentiation_steps and depression_steps belong together: give both or neither")
        return self

    @property
    def measured_device(self) -> bool:
        """Whether the synapses' devices follow measured curves."""
        return self.potentiation_steps is not None
