"""What a chip is designed to be. The unit of every figure is in its name; `th` is the nominal threshold."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from learning_circuit import LearningCircuitSpec
from nonideality import Noise
from nonideality.grammar import parse_all

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
FullScale = Annotated[float, Field(ge=1e-6, le=1e6)]  # an LSB of it is still a float32


class ChipError(ValueError):
    """A command that this chip cannot carry out: the message names the value, the rule and the fix."""


class NeuronSpec(BaseModel):
    """Neurons of every layer: integrate-and-fire or leaky, Eqs. 1 to 3 of Yang et al. 2022 (arXiv 2210.04532)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["if", "lif"] = "if"
    tau_steps: Positive = 10.0  # membrane time constant of a LIF neuron: a = exp(-1 / tau_steps)
    reset: Literal["subtract", "zero"] = "subtract"
    low_rail_th: Annotated[float, Field(le=0, allow_inf_nan=False)] = 0.0
    high_rail_th: Annotated[float, Field(ge=1, allow_inf_nan=False)] = 8.0
    readout: Literal["spiking", "integrating"] = "spiking"


class SynapseSpec(BaseModel):
    """The largest weight and bias that few-bit synapses deliver; ``quantization`` says in how many steps."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    full_scale_th: FullScale | None = None  # None: chosen for each layer when it is programmed, so that it fits best
    bias_full_scale_th: FullScale | None = None  # likewise


class ChipSpec(BaseModel):
    """A chip of fully connected layers, and what goes wrong when it is made and run."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    layer_sizes: Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(min_length=2)]  # inputs first
    steps: Annotated[int, Field(ge=1, le=4096)] = 16  # of a window
    neuron: NeuronSpec = NeuronSpec()
    synapse: SynapseSpec = SynapseSpec()
    learning_circuit: LearningCircuitSpec = LearningCircuitSpec()
    noise: tuple[str, ...] = ()  # KIND:LEVEL[@SITE][,key=value...]

    @field_validator("noise")
    @classmethod
    def _readable(cls, noise: tuple[str, ...]) -> tuple[str, ...]:
        parse_all(noise)
        return noise

    @model_validator(mode="after")
    def _layers_exist(self) -> ChipSpec:
        for text, noise in zip(self.noise, self.noises, strict=True):
            if noise.layer is not None and noise.layer > self.n_layers:
                raise ValueError(f"noise {text!r}: there is no layer {noise.layer}; this chip has 1 to {self.n_layers}")
        return self

    @property
    def n_layers(self) -> int:
        return len(self.layer_sizes) - 1

    @property
    def noises(self) -> tuple[Noise, ...]:
        return parse_all(self.noise)

    def ideal(self) -> ChipSpec:
        """The same design without any nonideality."""
        return self.model_copy(update={"noise": ()})
