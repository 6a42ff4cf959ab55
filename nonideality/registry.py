"""Which effects there are: ours, and those that other packages offer under the entry point group below."""

from __future__ import annotations

from functools import cache
from importlib.metadata import entry_points

from nonideality.asymmetry import Asymmetry
from nonideality.boxcar import Boxcar
from nonideality.comparator import Comparator
from nonideality.cycle import Cycle
from nonideality.drift import Drift
from nonideality.effect import NoiseError, Nonideality
from nonideality.ir import Ir
from nonideality.ktc import Ktc
from nonideality.link import Link
from nonideality.mismatch import Mismatch
from nonideality.missed import Missed
from nonideality.near import did_you_mean
from nonideality.nonlinear import Nonlinear
from nonideality.pelgrom import Pelgrom
from nonideality.pulse import Pulse
from nonideality.quantization import Quantization
from nonideality.read import Read
from nonideality.silencing import Silencing
from nonideality.stuck import Stuck
from nonideality.thermal import Thermal
from nonideality.write import Write

ENTRY_POINT_GROUP = "chipsim.nonidealities"
_REQUIRED = ("name", "summary", "level_meaning", "unit", "persistence", "moment", "sites", "source")
BUILT_IN: tuple[type[Nonideality], ...] = (
    *(Mismatch, Quantization, Thermal, Silencing),
    *(Comparator, Boxcar, Missed, Pulse, Asymmetry, Cycle, Write, Nonlinear),
    *(Read, Stuck, Drift, Pelgrom, Ktc, Ir, Link),
)


@cache
def catalogue() -> dict[str, type[Nonideality]]:
    """All effects by name, ours first. Raises NoiseError if a third party's cannot be loaded or takes a used name."""
    effects = {effect.name: effect for effect in BUILT_IN}
    for point in entry_points(group=ENTRY_POINT_GROUP):
        try:
            effect = point.load()
        except Exception as error:  # foreign code may fail in any way; the user needs to know whose
            raise NoiseError(
                f"nonideality {point.name!r} ({point.value}) cannot be loaded: {error}; repair or uninstall its package"
            ) from error
        if not (isinstance(effect, type) and issubclass(effect, Nonideality)):
            raise NoiseError(f"nonideality {point.name!r} ({point.value}) is not a subclass of nonideality.Nonideality")
        missing = [name for name in _REQUIRED if not hasattr(effect, name)]
        if missing:
            raise NoiseError(
                f"nonideality {point.name!r} ({point.value}) lacks {', '.join(missing)}; add them to the class"
            )
        if effect.name in effects:
            raise NoiseError(
                f"nonideality {effect.name!r} of {point.value} has the name of one that is already there; rename it"
            )
        effects[effect.name] = effect
    return effects


def effect_named(name: str) -> type[Nonideality]:
    """The effect called `name`. Raises NoiseError with the valid names."""
    effects = catalogue()
    if name not in effects:
        hint = did_you_mean(name, effects)
        raise NoiseError(f"unknown noise {name!r}: {hint}choose from {', '.join(effects)} (see 'chipsim noise')")
    return effects[name]
