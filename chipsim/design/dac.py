"""Bias converters (DACs): the few bits with which a chip sets the leak and the threshold of a layer's neurons.

Code k, from 0 to 2^bits - 1, sets low + k LSB, with LSB = (high - low) / (2^bits - 1). What is wanted becomes what the
nearest code sets, of two as near the higher one; what lies outside low to high cannot be set.
"""

from __future__ import annotations

import math
from typing import Annotated, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, model_validator

from learning_circuit import tell_settings

Bits = Annotated[int, Field(ge=1, le=16)]
_ROUNDING = 1e-9  # of the range: an end that was computed from volts and farads still is an end


class Dac(NamedTuple):
    """A converter, in whatever unit low and high are."""

    bits: int
    low: float  # what code 0 sets
    high: float  # what the highest code sets

    @property
    def lsb(self) -> float:
        return (self.high - self.low) / self.top

    @property
    def top(self) -> int:
        """The highest code."""
        return int(2**self.bits - 1)

    def holds(self, wanted: float) -> bool:
        """Whether `wanted` lies in the range."""
        slack = _ROUNDING * (self.high - self.low)
        return self.low - slack <= wanted <= self.high + slack

    def code(self, wanted: float) -> int:
        """The code that comes nearest."""
        return min(max(math.floor((wanted - self.low) / self.lsb + 0.5), 0), self.top)

    def nearest(self, wanted: float) -> float:
        """What that code sets, both ends of the range exactly."""
        code = self.code(wanted)
        return self.high if code == self.top else self.low + code * self.lsb


@tell_settings
class LeakDac(BaseModel):
    """Sets a layer's leak conductance, and with it 1 / tau_steps: its codes are even in the leak, not in tau."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    bits: Bits | None = None  # None: ideal, any leak can be set, and there is no range
    low_per_step: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0  # 0: code 0 switches the leak off
    high_per_step: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1.0

    @model_validator(mode="after")
    def _has_a_range(self) -> LeakDac:
        _check_ends("neuron.leak_dac", low_per_step=self.low_per_step, high_per_step=self.high_per_step)
        return self

    @property
    def converter(self) -> Dac | None:
        """In 1 / steps. None: ideal."""
        return None if self.bits is None else Dac(self.bits, self.low_per_step, self.high_per_step)


@tell_settings
class ThresholdDac(BaseModel):
    """Sets a layer's threshold, in nominal thresholds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    bits: Bits | None = None  # None: ideal, any threshold can be set, and there is no range
    low_th: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 0.5
    high_th: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 2.0

    @model_validator(mode="after")
    def _has_a_range(self) -> ThresholdDac:
        _check_ends("neuron.threshold_dac", low_th=self.low_th, high_th=self.high_th)
        return self

    @property
    def converter(self) -> Dac | None:
        """In nominal thresholds. None: ideal."""
        return None if self.bits is None else Dac(self.bits, self.low_th, self.high_th)


def _check_ends(table: str, **ends: float) -> None:
    """Raises ValueError unless the first end lies below the second."""
    (low, low_value), (high, high_value) = ends.items()
    if low_value >= high_value:
        raise ValueError(f"{table}: {low} {low_value:g} must be below {high} {high_value:g}")
