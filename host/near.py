"""Guesses what was meant by a name that is not there."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def did_you_mean(given: object, known: Iterable[str]) -> str:
    """``did you mean 'steps'? `` for the known name nearest to `given`; nothing where none is near."""
    near = difflib.get_close_matches(str(given), list(known), 1)
    return f"did you mean {near[0]!r}? " if near else ""
