"""Settings of a table in one text: key=value, with commas between."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chipsim.reading import TomlError, parse_toml
from host.errors import SettingError
from host.near import did_you_mean


def keys_of(text: str, known: Sequence[str]) -> dict[str, Any]:
    """What ``below=0.3,every=5000`` says. Raises SettingError of one line if a key is unknown, or none."""
    found: dict[str, Any] = {}
    for part in text.split(","):
        key, equals, value = (each.strip() for each in part.partition("="))
        if not equals or not value:
            raise SettingError(f"{part.strip()!r} is not key=value; keys are {', '.join(known)}, with commas between")
        if key not in known:
            raise SettingError(f"there is no {key!r}: {did_you_mean(key, known)}choose from {', '.join(known)}")
        if key in found:
            raise SettingError(f"{key} is given twice; keep one")
        found[key] = value_of(value)
    return found


def value_of(text: str) -> Any:
    """A setting's value as TOML writes it; any other text is itself."""
    try:
        return parse_toml(f"value = {text}")["value"]
    except TomlError:
        return text.strip()
