"""Finds a method by its name. Each is imported when it is asked for: most runs need one."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from host.methods.method import Method
    from host.settings.method_names import MethodName

# Module and class of each.
_WHERE: dict[MethodName, tuple[str, str]] = {
    "on-chip-ltl": ("on_chip_ltl", "OnChipLtl"),
    "conversion": ("conversion", "Conversion"),
    "offline-ltl": ("offline_ltl", "OfflineLtl"),
    "online-ltl-off-chip": ("online_ltl_off_chip", "OnlineLtlOffChip"),
    "noise-aware": ("noise_aware", "NoiseAware"),
    "in-the-loop": ("in_the_loop", "InTheLoopMethod"),
}


@cache
def find(name: MethodName) -> Method:
    module, kind = _WHERE[name]
    method: Method = getattr(import_module(f"host.methods.{module}"), kind)()
    return method
