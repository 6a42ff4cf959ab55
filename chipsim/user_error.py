"""The error that everything is which chipsim refuses."""

from __future__ import annotations


class UserError(ValueError):
    """What a user can mend, in one line that names the value, the rule, the valid choices and the fix.

    Whatever `chipsim.run` and its likes refuse is one: a setting, a noise, a file, a chip that does not answer.
    """
