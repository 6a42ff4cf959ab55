"""A request from what somebody asks for: settings, noises with several levels, axes, dies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from host.errors import SettingError
from host.run import read_settings
from host.sweep.axes import dies as dies_of
from host.sweep.axes import setting_axis, split_noises
from host.sweep.request import Request


def request_of(
    overrides: Mapping[str, Any], config: Path | None, axes: Sequence[str], cross: bool, dies: str | None
) -> Request:
    """What is asked for by settings, where a noise or the method with several values is an axis.

    overrides, config: see `host.run.resolve`; axes, dies: as text. Raises SettingError, NoiseError, ChipError.
    """
    if dies is not None and "die" in overrides:
        raise SettingError("--die and --dies both say which dies: keep one")
    noises, noise_axes = split_noises(overrides.get("noise", ()))
    settings = dict(overrides)
    if noise_axes:
        settings["noise"] = noises
    if "," in (methods := str(settings.get("training.method", ""))):
        axes = (f"training.method={methods}", *axes)
        del settings["training.method"]
    settings = read_settings(config, settings)
    die = settings.pop("die", 1)
    chosen = dies_of(dies) if dies is not None else (die,)
    return Request(settings, (*noise_axes, *map(setting_axis, axes)), cross, chosen)
