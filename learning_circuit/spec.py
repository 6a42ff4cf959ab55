"""The learning circuit's design parameters, the same for every neuron of a chip."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from learning_circuit.pulse_curve import read_pulse_curve
from learning_circuit.told_settings import tell_settings

_YOUNGER = ("rule", "rule_settings")
ErrorGate = Literal["linear", "sign", "ternary"]
RelativeSteps = Annotated[
    tuple[Annotated[float, Field(ge=0, allow_inf_nan=False)], ...], Field(min_length=2, max_length=4096)
]


@tell_settings
class LearningCircuitSpec(BaseModel):
    """Spike accumulator, target accumulator, error gate, boxcar gate and update unit (Yang et al. 2022, Figure 1d)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rule: Annotated[str, Field(description="The learning rule, see 'chipsim plugins'.")] = "local_tandem"
    rule_settings: dict[str, Any] = {}  # of a rule that has settings of its own
    accumulator_bits: Annotated[int, Field(ge=1, le=24)] = 8
    error_gate: Annotated[ErrorGate, Field(description="What an error's size does to an update.")] = "linear"
    dead_zone_counts: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 1.0
    boxcar_width_th: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 3.0
    warm_up_steps: Annotated[int, Field(ge=0, description="Steps without updates in a window.")] = 8
    # Time constant of each input row's trace, which takes its spike's place in Eq. 10; None: only rows that spike in
    # this step are written.
    trace_tau_steps: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    update_accumulator_bits: Annotated[int, Field(ge=0, le=14)] = 8
    # Measured devices: relative steps (up, down) at even places from the low to the high end of the range; linear is 1.
    pulse_steps: tuple[RelativeSteps, RelativeSteps] | None = None
    pulse_curve_csv: str | None = None  # read once and turned into pulse_steps, so that a spec needs no other file

    @model_serializer(mode="wrap")
    def _without_what_is_unset(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Settings younger than files and frames are left out where they say nothing: those stay as they were."""
        written: dict[str, Any] = handler(self)
        unset = {name for name in _YOUNGER if getattr(self, name) == type(self).model_fields[name].default}
        return {name: value for name, value in written.items() if name not in unset}

    def settings(self) -> dict[str, Any]:
        """Every setting as JSON holds it, unset ones included."""
        return self.model_dump(mode="json") | {name: getattr(self, name) for name in _YOUNGER}

    @model_validator(mode="before")
    @classmethod
    def _measured(cls, settings: Any) -> Any:
        if not isinstance(settings, dict) or settings.get("pulse_curve_csv") is None:
            return settings
        if settings.get("pulse_steps") is not None:
            raise ValueError("pulse_curve_csv and pulse_steps say the same: keep one")
        up, down = read_pulse_curve(str(settings["pulse_curve_csv"]))
        return settings | {"pulse_steps": (tuple(up.tolist()), tuple(down.tolist())), "pulse_curve_csv": None}
