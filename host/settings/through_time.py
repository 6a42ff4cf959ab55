"""How a network is trained through time. The defaults are those of Rathi and Roy 2021 (DIET-SNN, arXiv 2008.03658)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from learning_circuit import tell_settings

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Penalty = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Surrogate = Literal["triangle", "boxcar", "exponential", "spike-time"]

# Height and steepness of each, see `host.gradients.surrogates`.
SURROGATE_SHAPES: dict[str, tuple[float, float]] = {
    "triangle": (0.3, 1.0),  # Rathi and Roy 2021
    "boxcar": (0.5, 1.0),  # Yang et al. 2022, Eq. 8, with p = 2
    "exponential": (0.3, 2.0),
    "spike-time": (0.3, 0.01),  # Rathi et al. 2020, arXiv 2005.01807
}


@tell_settings
class ThroughTimeSpec(BaseModel):
    """Training through time: of a die by the method of that name, or of the teacher of another method."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    surrogate: Surrogate = "triangle"
    surrogate_height: Positive | None = None  # None: as SURROGATE_SHAPES says
    surrogate_steepness: Positive | None = None  # over the threshold, or per step
    teacher_start: Literal["conversion", "random"] = "conversion"  # of a teacher; a method's is training.start
    teacher_epochs: Annotated[int, Field(ge=1)] | None = None  # of a teacher; None: by the size of the data set
    teacher_learning_rate: Positive = 3e-3  # of a teacher, at the first sample, falling to 0; of Adam, in thresholds
    batch: Annotated[int, Field(ge=1, le=4096)] = 64  # samples per step of Adam
    learn_leak: bool = True  # of leaky neurons
    learn_threshold: bool = True
    leak_rate: Positive = 1e-3  # of Adam, at the first sample, falling to 0
    threshold_rate: Positive = 1e-3
    # What a step leaves of a leaky membrane at the start; None: as neuron.tau_steps says.
    start_leak: Annotated[float, Field(ge=0, le=1)] | None = None
    scale: Positive = 10.0  # of the scores in the loss, per threshold or spike, and step
    activity_penalty: Penalty = 0.0  # per squared spike count

    @property
    def height(self) -> float:
        return SURROGATE_SHAPES[self.surrogate][0] if self.surrogate_height is None else self.surrogate_height

    @property
    def steepness(self) -> float:
        return SURROGATE_SHAPES[self.surrogate][1] if self.surrogate_steepness is None else self.surrogate_steepness
