"""A table from TOML; what is nested beyond all reason is refused before anything walks down into it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from typing import Any

MAX_DEPTH = 50  # of tables and arrays; a run's settings have four

_BETWEEN = re.compile(r"[=,{}\[\]\n]")
_DOTTED = re.compile(r"[\w\"'-]\s*\.")


class TomlError(ValueError):
    """What is wrong with a text as TOML: the end of a sentence that begins with its name."""


def parse_toml(text: str) -> dict[str, Any]:
    """The table in `text`. Raises TomlError."""
    if _has_long_key(text):  # its time grows with the square of a key's length
        raise TomlError(_too_deep())
    try:
        table = tomllib.loads(text)
    except RecursionError:
        raise TomlError(_too_deep()) from None
    except ValueError as error:  # TOMLDecodeError is one; whole numbers of many thousand digits raise another
        raise TomlError(f"is not TOML: {error}") from None
    if _is_too_deep(table):
        raise TomlError(_too_deep())
    return table


def _too_deep() -> str:
    return f"is nested more than {MAX_DEPTH} deep: no setting is; take the brackets or dots out"


def _has_long_key(text: str) -> bool:
    """Whether so many names stand in a row with dots between them as no key has; they may also stand in a string."""
    return any(part.count(".") > MAX_DEPTH and len(_DOTTED.findall(part)) > MAX_DEPTH for part in _BETWEEN.split(text))


def _is_too_deep(table: dict[str, Any]) -> bool:
    level: list[Any] = [table]
    for _ in range(MAX_DEPTH):
        level = [inner for value in level for inner in _inside(value)]
        if not level:
            return False
    return True


def _inside(value: Any) -> Iterable[Any]:
    """What may hold more, of what `value` holds."""
    held = value.values() if isinstance(value, dict) else value
    return (each for each in held if isinstance(each, dict | list))
