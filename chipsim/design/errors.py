"""What a chip refuses."""

from __future__ import annotations


class ChipError(ValueError):
    """A command that this chip cannot carry out: the message names the value, the rule and the fix."""
