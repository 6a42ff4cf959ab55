"""How true a network here is to the file that it was read from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from host.errors import printable


@dataclass(frozen=True)
class Fidelity:
    """Exact: the same outputs or spike counts as in the source, but for rounding. What is not read is an error."""

    approximations: tuple[str, ...] = ()  # why it is not exact
    notes: tuple[str, ...] = ()  # what was folded, left out or taken for granted, and changes nothing

    @property
    def word(self) -> str:
        return "approximate" if self.approximations else "exact"

    def lines(self) -> list[str]:
        """For a person: the word with its reasons, then a note a line."""
        because = f" because {'; '.join(self.approximations)}" if self.approximations else ""
        return [printable(line) for line in (f"{self.word}{because}", *self.notes)]

    def to_json(self) -> dict[str, Any]:
        return {"fidelity": self.word, "because": list(self.approximations), "notes": list(self.notes)}
