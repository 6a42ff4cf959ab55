"""The methods by their names, those of other packages included."""

from __future__ import annotations

from host.methods.conversion import Conversion
from host.methods.in_the_loop import InTheLoopMethod
from host.methods.method import Method
from host.methods.noise_aware import NoiseAware
from host.methods.offline_ltl import OfflineLtl
from host.methods.on_chip_ltl import OnChipLtl
from host.methods.online_ltl_off_chip import OnlineLtlOffChip
from host.methods.stdp import StdpMethod
from host.methods.through_time import ThroughTime
from host.settings import TRAINING_METHODS

TRAINING_METHODS.provide(
    Method,
    ("meaning",),
    (OnChipLtl, Conversion, OfflineLtl, OnlineLtlOffChip, NoiseAware, ThroughTime, InTheLoopMethod, StdpMethod),
)


def find(name: str) -> Method:
    """The method called `name`. Raises SettingError if there is none, or its package is broken."""
    method: Method = TRAINING_METHODS.make(name)
    return method
