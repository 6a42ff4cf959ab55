"""Settings of the method stdp, which learns without a teacher or targets."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from learning_circuit import tell_settings


@tell_settings
class StdpSpec(BaseModel):
    """How samples are shown, and how neurons get their classes afterwards."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_rate: Annotated[float, Field(gt=0, le=1)] = 0.5  # spikes per step of an input of 1
    # Which class a window belongs to: that of the neurons which answer most in the mean, or a vote in which each
    # neuron's spikes count for the classes in proportion to its mean answers to them.
    label_by: Literal["mean", "proportion"] = "mean"
    # Training samples that say what neurons stand for.
    label_samples: Annotated[int, Field(ge=1, le=1_000_000)] = 10_000
    # Training samples, unlabelled, to which a programmed die's thresholds adapt; no synapse is written.
    adapt_samples: Annotated[int, Field(ge=0, le=1_000_000)] = 4_000
    # Synapses below this part of the range are cut for good every so many samples; None: none is.
    prune_below: Annotated[float, Field(ge=0, le=1)] | None = None
    # Weights are rounded to so many even levels at the same times, of those that are left; None: they are not.
    levels: Annotated[int, Field(ge=1, le=4096)] | None = None
    prune_every: Annotated[int, Field(ge=1)] = 5_000  # samples
    prune_from: Annotated[int, Field(ge=0)] = 10_000  # samples that come before the first time
