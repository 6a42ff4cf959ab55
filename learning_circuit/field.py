"""A quantity that a chip holds, declared once: tables, memory, probes, snapshots and waveforms follow from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Lasts = Literal["fabricated", "life", "window", "step"]


@dataclass(frozen=True)
class Field:
    """One float32 per neuron, or one per layer.

    name: a Python name, in small letters, that no other field of the layer has.

    lasts: what the figure is.
        fabricated   fixed when the die is made (`fabricate` of a rule or a neuron gives its value); a table
        life         state that stays from window to window, and so part of every snapshot
        window       state that begins each window at `start`
        step         what a circuit shows within a step, and nobody reads later: there for probes alone
    """

    name: str
    meaning: str
    unit: str = ""
    lasts: Lasts = "fabricated"
    per: Literal["neuron", "layer"] = "neuron"  # "layer": fabricated ones alone
    start: float = 0.0  # of state
    padding: float = 0.0  # of a table, in the columns that fill up its last vector, which must never fire nor open
    probed: bool = True  # of state: probes, traces and waveforms show it
    shown_as: Literal["real", "integer", "wire"] = "real"  # in a waveform; a wire is 0 or 1

    def __post_init__(self) -> None:
        """Raises ValueError if the declaration contradicts itself."""
        if not self.name.isidentifier() or self.name != self.name.lower() or self.name.startswith("_"):
            raise ValueError(
                f"field {self.name!r}: a name is small letters, digits and underscores, such as 'threshold'"
            )
        if self.per == "layer" and self.lasts != "fabricated":
            raise ValueError(f"field {self.name!r}: one figure for a layer is fabricated, not state; leave out lasts")

    @property
    def is_table(self) -> bool:
        return self.lasts == "fabricated" and self.per == "neuron"

    @property
    def dtype(self) -> Any:
        """Of what probes show."""
        return {"real": "float32", "integer": "int32", "wire": "uint8"}[self.shown_as]


def check_fields(fields: tuple[Field, ...], owner: str) -> None:
    """Raises ValueError of one line if a name is declared twice. owner: whose fields they are, for the message."""
    names = [field.name for field in fields]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"{owner} declares the field {', '.join(twice)} twice; keep one, or rename it")
