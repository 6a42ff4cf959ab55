"""Which effects there are: ours, and those that other packages offer under the entry point group below."""

from __future__ import annotations

from nonideality.asymmetry import Asymmetry
from nonideality.boxcar import Boxcar
from nonideality.comparator import Comparator
from nonideality.competition import Competition
from nonideality.cycle import Cycle
from nonideality.drift import Drift
from nonideality.effect import Nonideality
from nonideality.homeostasis import Homeostasis
from nonideality.ir import Ir
from nonideality.ktc import Ktc
from nonideality.link import Link
from nonideality.mismatch import Mismatch
from nonideality.missed import Missed
from nonideality.noise_error import NoiseError
from nonideality.nonlinear import Nonlinear
from nonideality.pelgrom import Pelgrom
from nonideality.plugins import PluginGroup
from nonideality.pulse import Pulse
from nonideality.quantization import Quantization
from nonideality.read import Read
from nonideality.silencing import Silencing
from nonideality.stuck import Stuck
from nonideality.thermal import Thermal
from nonideality.trace import Trace
from nonideality.write import Write

_REQUIRED = ("summary", "level_meaning", "unit", "persistence", "moment", "sites", "source")
BUILT_IN: tuple[type[Nonideality], ...] = (
    *(Mismatch, Quantization, Thermal, Silencing),
    *(Comparator, Boxcar, Missed, Pulse, Asymmetry, Cycle, Write, Nonlinear),
    *(Trace, Homeostasis, Competition),
    *(Read, Stuck, Drift, Pelgrom, Ktc, Ir, Link),
)
EFFECTS: PluginGroup[Nonideality] = PluginGroup(
    "chipsim.nonidealities", Nonideality, _REQUIRED, BUILT_IN, what="noise", error=NoiseError, see="chipsim noise"
)


def catalogue() -> dict[str, type[Nonideality]]:
    """All effects that can be used, by name, ours first: others are loaded, and left out where they are broken."""
    return EFFECTS.load_all()[0]


def effect_named(name: str) -> type[Nonideality]:
    """The effect called `name`. Raises NoiseError with the valid names, or if its package is broken."""
    return EFFECTS.get(name)
