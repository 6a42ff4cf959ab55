"""The methods by their names."""

from __future__ import annotations

from host.methods.conversion import Conversion
from host.methods.in_the_loop import InTheLoopMethod
from host.methods.method import Method
from host.methods.noise_aware import NoiseAware
from host.methods.offline_ltl import OfflineLtl
from host.methods.on_chip_ltl import OnChipLtl
from host.methods.online_ltl_off_chip import OnlineLtlOffChip

_METHODS: dict[str, Method] = {
    "on-chip-ltl": OnChipLtl(),
    "conversion": Conversion(),
    "offline-ltl": OfflineLtl(),
    "online-ltl-off-chip": OnlineLtlOffChip(),
    "noise-aware": NoiseAware(),
    "in-the-loop": InTheLoopMethod(),
}


def find(name: str) -> Method:
    """The one object of this name: methods hold no state."""
    return _METHODS[name]
