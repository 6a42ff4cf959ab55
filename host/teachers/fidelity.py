"""How true a network here is to the file that it was read from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from host.errors import printable


@dataclass(frozen=True)
class Fidelity:
    """Exact: the same outputs or spike counts as in the source, but for rounding. What is not read is an error."""

    approximations: tuple[str, ...] = ()  # why it is not exact
    conditions: tuple[str, ...] = ()  # what the file does not say of its source, and it is exact with
    notes: tuple[str, ...] = ()  # what was folded, left out or taken for granted, and changes nothing

    @property
    def word(self) -> str:
        return "approximate" if self.approximations else "exact"

    def lines(self) -> list[str]:
        """For a person: the word with its reasons, then a note a line."""
        because = f" because {'; '.join(self.approximations)}" if self.approximations else ""
        provided = f", provided that {'; '.join(self.conditions)}" if self.conditions else ""
        return [printable(line) for line in (f"{self.word}{because}{provided}", *self.notes)]

    def to_json(self) -> dict[str, Any]:
        return {
            "fidelity": self.word,
            "because": list(self.approximations),
            "provided": list(self.conditions),
            "notes": list(self.notes),
        }
