"""What of a chip another package may bring: effects, learning rules, neurons. Names only; nothing is loaded here."""

from __future__ import annotations

from typing import Any

from chipsim.design.errors import ChipError
from nonideality import EFFECTS, PluginGroup

# The rooms that hold the abstract classes provide them, with what is built in.
LEARNING_RULES: PluginGroup[Any] = PluginGroup("chipsim.learning_rules", what="learning rule", error=ChipError)
NEURONS: PluginGroup[Any] = PluginGroup("chipsim.neurons", what="neuron", error=ChipError)
CHIP_GROUPS: dict[str, PluginGroup[Any]] = {each.group: each for each in (EFFECTS, LEARNING_RULES, NEURONS)}
