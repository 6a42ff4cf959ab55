"""The methods by name, with what each does. Imports nothing, so that help answers at once."""

from __future__ import annotations

from typing import Literal

MethodName = Literal["on-chip-ltl", "online-ltl-off-chip"]

MEANING: dict[MethodName, str] = {
    "on-chip-ltl": "the die learns by itself, online; nothing is read back",
    "online-ltl-off-chip": "the online rule on the ideal twin, then programmed",
}
