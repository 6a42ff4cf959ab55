"""What a noise refuses."""

from __future__ import annotations


class NoiseError(ValueError):
    """A noise that cannot be: the message names the value, the rule, the valid choices and the fix."""
