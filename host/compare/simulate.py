"""Which chips a comparison needs: for each method one ideal chip and every die."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from host.errors import SettingError
from host.methods import TRAINING_METHODS
from host.near import did_you_mean
from host.run import merge, spec_of
from host.settings import RunSpec

# Settings that a method which learns nothing has no use for.
_OF_LEARNING = ("epochs", "start", "learning_rate")


def methods(text: str) -> tuple[str, ...]:
    """The methods in ``a,b,c``. Raises SettingError."""
    names = tuple(name.strip() for name in text.split(","))
    for number, name in enumerate(names):
        if not TRAINING_METHODS.offers(name):
            known = TRAINING_METHODS.names()
            raise SettingError(
                f"--methods: {name!r} is no method; {did_you_mean(name, known)}choose from {', '.join(known)}"
            )
        if name in names[:number]:
            raise SettingError(f"--methods: {name} is given twice; keep one")
    return names


def specs(
    settings: Mapping[str, Any],
    names: Sequence[str],
    dies: Sequence[int],
    own: Mapping[str, Mapping[str, Any]] | None = None,
) -> dict[str, list[RunSpec]]:
    """Per method first the chip without noise, then the dies; all else is the same but what `own` says.

    own: per method, overrides such as ``{"training.learning_rate": 5e-4}``. Raises SettingError.
    """
    asked = {}
    for name in names:
        mine = merge(settings, {**(own or {}).get(name, {}), "training.method": name})
        if name == "conversion":
            for setting in _OF_LEARNING:
                mine["training"].pop(setting, None)
        ideal = merge(mine, {"noise": [], "die": dies[0]})
        asked[name] = [spec_of(ideal), *(spec_of(merge(mine, {"die": die})) for die in dies)]
    return asked
