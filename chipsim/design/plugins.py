"""What of a chip another package may bring: effects, learning rules, neurons. Names only; nothing is loaded here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from chipsim.design.errors import ChipError
from nonideality import EFFECTS, PluginGroup

# The rooms that hold the abstract classes provide them, with what is built in.
LEARNING_RULES: PluginGroup[Any] = PluginGroup("chipsim.learning_rules", what="learning rule", error=ChipError)
NEURONS: PluginGroup[Any] = PluginGroup(
    "chipsim.neurons", what="neuron", error=ChipError, names=("if", "lif", "adaptive", "winner_take_all")
)
CHIP_GROUPS: dict[str, PluginGroup[Any]] = {each.group: each for each in (EFFECTS, LEARNING_RULES, NEURONS)}


@dataclass(frozen=True)
class NameOf:
    """Marks a setting that is a name of a group: others are refused, and the help lists what is installed."""

    group: PluginGroup[Any]
    others: bool = False  # whether any text is allowed: of data sets, files and folders, too

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> CoreSchema:
        inner: CoreSchema = handler(source)
        return inner if self.others else core_schema.no_info_after_validator_function(self._known, inner)

    def _known(self, name: str) -> str:
        """Says of an unknown name what pydantic says of a Literal's."""
        if not self.group.offers(name):
            *names, last = map(repr, self.group.names())
            expected = f"{', '.join(names)} or {last}" if names else last
            raise PydanticCustomError("literal_error", "Input should be {expected}", {"expected": expected})
        self.group.check(name)
        return name
