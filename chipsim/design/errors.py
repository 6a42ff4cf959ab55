"""What a chip refuses."""

from __future__ import annotations

from chipsim.user_error import UserError


class ChipError(UserError):
    """A command that this chip cannot carry out: the message names the value, the rule and the fix."""
