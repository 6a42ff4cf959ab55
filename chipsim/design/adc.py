"""The converter through which a host reads membranes back: a few bits per neuron and step.

A membrane U becomes the code round((U - low) / LSB) with LSB = (high - low) / (2^bits - 1), clipped to 0 .. 2^bits - 1.
So what is read is off by half an LSB at most inside the range, and stays at its ends outside.
"""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from chipsim.design.spec import NeuronSpec
from learning_circuit import tell_settings

_Finite = Annotated[float, Field(allow_inf_nan=False)]


@tell_settings
class AdcSpec(BaseModel):
    """What the converters resolve. A range left open is that of the neurons' rails."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    bits: Annotated[int, Field(ge=2, le=8)] = 8
    low_th: _Finite | None = None  # of neurons that fire; None: the lower rail
    high_th: _Finite | None = None  # None: the upper rail
    readout_low_th: _Finite | None = None  # of a readout that does not fire; None: minus the upper rail
    readout_high_th: _Finite | None = None  # None: the upper rail, though nothing keeps such a membrane below it

    @model_validator(mode="after")
    def _has_a_range(self) -> AdcSpec:
        for low, high in (("low_th", "high_th"), ("readout_low_th", "readout_high_th")):
            ends = getattr(self, low), getattr(self, high)
            if None not in ends and ends[0] >= ends[1]:
                raise ValueError(f"converter: {low} {ends[0]:g} must be below {high} {ends[1]:g}")
        return self

    def of(self, neuron: NeuronSpec, integrating: bool) -> Adc:
        """The converter of a layer. integrating: whether it is a readout that does not fire.

        Raises ValueError if the range that was given ends beyond the rail that was not.
        """
        low, high, names = self.low_th, self.high_th, "low_th below high_th"
        if integrating:
            low, high, names = self.readout_low_th, self.readout_high_th, "readout_low_th below readout_high_th"
        if low is None:
            low = -neuron.high_rail_th if integrating else neuron.low_rail_th
        high = neuron.high_rail_th if high is None else high
        if low >= high:
            raise ValueError(f"converter: a range from {low:g} to {high:g} th is empty: set converter {names}")
        top = 2**self.bits - 1
        return Adc(np.float32(low), np.float32((high - low) / top), np.float32(top))


class Adc(NamedTuple):
    """A layer's converter."""

    low: Any  # float32 scalar, thresholds: what code 0 means
    lsb: Any  # float32 scalar, thresholds
    top: Any  # float32 scalar, the largest code

    def membrane(self, codes: NDArray[np.uint8]) -> NDArray[np.float32]:
        """What codes mean, in thresholds."""
        values: NDArray[np.float32] = self.low + codes.astype(np.float32) * self.lsb
        return values
