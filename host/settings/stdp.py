"""Settings of the method stdp, which learns without a teacher or targets."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from learning_circuit import tell_settings

Samples = Annotated[int, Field(ge=1, le=1_000_000_000)]


@tell_settings
class PruneSpec(BaseModel):
    """Which synapses are cut for good, and when: at intervals, and once more when all is learned."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    below: Annotated[float, Field(ge=0, le=1)] | None = None  # part of the range; None: none is cut
    every: Samples = 5_000
    after: Annotated[int, Field(ge=0)] = 10_000  # samples that come before the first time


@tell_settings
class RoundSpec(BaseModel):
    """To how many levels weights are rounded, and when: at intervals, and once more when all is learned.

    The levels are even, of the range that pruning leaves. Rounding at every write is what few-bit synapses do, see
    noise `quantization`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    levels: Annotated[int, Field(ge=1, le=4096)] | None = None  # None: weights are not rounded
    every: Samples = 5_000
    after: Annotated[int, Field(ge=0)] = 10_000  # samples that come before the first time

    @field_validator("every", mode="before")
    @classmethod
    def _at_intervals(cls, every: object) -> object:
        if every == "write":
            raise ValueError(
                "stdp.round.every = 'write': rounding at every write is what few-bit synapses do: leave --round out,"
                " and give --noise=quantization:2 for four levels, 3 for eight"
            )
        return every


@tell_settings
class StdpSpec(BaseModel):
    """How samples are shown, what is cut and rounded, and how neurons get their classes afterwards."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_rate: Annotated[float, Field(gt=0, le=1)] = 0.5  # spikes per step of an input of 1
    prune: Annotated[
        PruneSpec, Field(description="Method stdp cuts synapses below a part of their range: below=0.3,every=5000.")
    ] = PruneSpec()
    round: Annotated[
        RoundSpec, Field(description="Method stdp rounds weights to a few levels: levels=4,every=5000.")
    ] = RoundSpec()
    # Which class a window belongs to: that of the neurons which answer most in the mean, or a vote in which each
    # neuron's spikes count for the classes in proportion to its mean answers to them.
    label_by: Literal["mean", "proportion"] = "mean"
    # Training samples that say what neurons stand for.
    label_samples: Annotated[int, Field(ge=1, le=1_000_000)] = 10_000
    # Training samples, unlabelled, to which a programmed die's thresholds adapt; no synapse is written.
    adapt_samples: Annotated[int, Field(ge=0, le=1_000_000)] = 4_000
