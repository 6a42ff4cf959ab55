"""Settings as nested tables, by dotted name."""

from __future__ import annotations

from typing import Any

from chipsim.reading import MAX_DEPTH
from host.errors import SettingError


def put(settings: dict[str, Any], path: str, value: Any) -> None:
    *tables, key = path.split(".")
    if len(tables) > MAX_DEPTH:
        raise SettingError(f"{path[:40]}... is a name of {len(tables) + 1:,} parts: no setting is nested so deep")
    for table in tables:
        settings = settings.setdefault(table, {})
        if not isinstance(settings, dict):
            raise SettingError(f"{path}: {table} is not a table in the config file")
    settings[key] = value


def put_default(settings: dict[str, Any], path: str, value: Any) -> None:
    *tables, key = path.split(".")
    for table in tables:
        settings = settings.setdefault(table, {})
        if not isinstance(settings, dict):
            return  # refused below, with the rest of what is wrong
    settings.setdefault(key, value)
