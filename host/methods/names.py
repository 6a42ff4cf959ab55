"""The methods by name, with what each does. Imports nothing, so that help answers at once."""

from __future__ import annotations

from typing import Literal

MethodName = Literal["on-chip-ltl", "online-ltl-off-chip", "in-the-loop"]

MEANING: dict[MethodName, str] = {
    "on-chip-ltl": "the die learns by itself, online; nothing is read back",
    "online-ltl-off-chip": "the online rule on the ideal twin, then programmed",
    "in-the-loop": "the die runs, the host reads its state back and trains through time, batch by batch",
}
