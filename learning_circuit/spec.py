"""The learning circuit's design parameters, the same for every neuron of a chip."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from learning_circuit.pulse_curve import read_pulse_curve
from learning_circuit.told_settings import tell_settings

ErrorGate = Literal["linear", "sign", "ternary"]
Arithmetic = Literal["float", "integer"]
ErrorScale = Literal["per_step", "shift", "none"]
RateFormat = Literal["fixed", "power_of_two"]
Dither = Literal["philox", "lfsr"]
LfsrBits = Literal[16, 24, 32]
Comparison = Literal["analog", "digital"]
UpdateUnit = Literal["flops", "sram"]
# Younger than files and frames that must stay as they are.
_YOUNGER = (
    *("rule", "rule_settings", "arithmetic", "error_scale", "error_shift", "rate_format", "step_word_bits"),
    *("step_word_fraction_bits", "dither", "dither_bits", "lfsr_bits", "lfsr_seed", "increment_bits", "comparison"),
    "update_unit",
)
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
    # Of few-bit weights; an analog one has none. The register holds one bit more, the sign: see `integer_tandem`.
    update_accumulator_bits: Annotated[int, Field(ge=0, le=14)] = 8
    # "integer": counters, step words and increments as registers hold them, see `learning_circuit.integer_tandem`. What
    # follows says how wide they are, and how a linear gate's error is scaled in step t: by 1 / t from a table, by
    # 2^-error_shift, or not at all.
    arithmetic: Annotated[Arithmetic, Field(description="What a circuit computes with.")] = "float"
    error_scale: Annotated[ErrorScale, Field(description="What stands for 1 / t.")] = "per_step"
    error_shift: Annotated[int, Field(ge=0, le=15)] = 4
    rate_format: Annotated[RateFormat, Field(description="Learning rates as given, or the nearest powers of two.")] = (
        "fixed"
    )
    step_word_bits: Annotated[int, Field(ge=2, le=24)] = 16
    step_word_fraction_bits: Annotated[int, Field(ge=0, le=24)] = 8  # of them after the point, or more than there are
    dither: Annotated[Dither, Field(description="Where the rounding of increments takes its bits from.")] = "philox"
    dither_bits: Annotated[int, Field(ge=0, le=24)] = 8
    lfsr_bits: LfsrBits = 16
    lfsr_seed: Annotated[int, Field(ge=1)] = 1
    increment_bits: Annotated[int, Field(ge=2, le=24)] = 10  # sign included; what is larger saturates
    comparison: Annotated[Comparison, Field(description="What compares the counters.")] = "analog"
    update_unit: Annotated[UpdateUnit, Field(description="A unit per synapse, or one per column over SRAM.")] = "sram"
    # Measured devices: relative steps (up, down) at even places from the low to the high end of the range; linear is 1.
    pulse_steps: tuple[RelativeSteps, RelativeSteps] | None = None
    pulse_curve_csv: str | None = None  # read once and turned into pulse_steps, so that a spec needs no other file

    @model_serializer(mode="wrap")
    def _without_what_is_unset(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Settings younger than files and frames are left out where they say nothing: those stay as they were."""
        written: dict[str, Any] = handler(self)
        unset = {name for name in _YOUNGER if getattr(self, name) == type(self).model_fields[name].default}
        return {name: value for name, value in written.items() if name not in unset}

    @property
    def has_registers(self) -> bool:
        """Whether each neuron has a shift register, which rounds its increments."""
        return self.arithmetic == "integer" and self.dither == "lfsr"

    def settings(self) -> dict[str, Any]:
        """Every setting as JSON holds it, unset ones included."""
        return self.model_dump(mode="json") | {name: getattr(self, name) for name in _YOUNGER}

    @model_validator(mode="after")
    def _is_a_circuit(self) -> LearningCircuitSpec:
        """Raises ValueError if what computes with integers is asked for what registers and adders cannot do."""
        if self.arithmetic == "integer":
            for reason in self.no_circuit():
                raise ValueError(reason)
        return self

    def no_circuit(self) -> Iterator[str]:
        """Why these circuits could not compute with integers, whether they do or not: lines that name what to change.

        What depends on the rest of a chip: `chipsim.design.no_circuit`.
        """
        asked = "learning_circuit.arithmetic 'integer'"
        if self.rule != "local_tandem":
            yield f"{asked} is that of rule local_tandem, not of {self.rule!r}: set arithmetic to float"
        if self.trace_tau_steps is not None:
            yield (
                f"{asked} adds whole increments in rows that spiked, and traces of {self.trace_tau_steps:g} steps would"
                " multiply them: leave trace_tau_steps out"
            )
        if self.pulse_steps is not None:
            yield f"{asked} writes registers, and a measured pulse curve is that of analog devices: keep one"
        full = 2**self.accumulator_bits - 1
        if self.dead_zone_counts > full:
            yield (
                f"dead_zone_counts {self.dead_zone_counts:g} does not fit counters of accumulator_bits"
                f" {self.accumulator_bits}: choose at most {full}"
            )
        if self.dither == "lfsr" and self.dither_bits > self.lfsr_bits:
            yield (
                f"dither_bits {self.dither_bits} are more than a shift register of lfsr_bits {self.lfsr_bits} has:"
                f" choose at most {self.lfsr_bits}, or a longer register (24, 32)"
            )

    @model_validator(mode="before")
    @classmethod
    def _measured(cls, settings: Any) -> Any:
        if not isinstance(settings, dict) or settings.get("pulse_curve_csv") is None:
            return settings
        if settings.get("pulse_steps") is not None:
            raise ValueError("pulse_curve_csv and pulse_steps say the same: keep one")
        up, down = read_pulse_curve(str(settings["pulse_curve_csv"]))
        return settings | {"pulse_steps": (tuple(up.tolist()), tuple(down.tolist())), "pulse_curve_csv": None}
