"""Which versions a run is made with, and which of them decide its bits."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from functools import cache
from importlib.metadata import version
from typing import Any, NamedTuple

_PACKAGES = ("chipsim", "numpy", "numba", "scikit-learn", "scipy", "pydantic")


class MadeWith(NamedTuple):
    """The packages whose versions may change a bit of what a run finds."""

    chipsim: str
    numba: str
    numpy: str

    def __str__(self) -> str:
        return ", ".join(f"{name} {value}" for name, value in self._asdict().items())


@cache
def made_with() -> MadeWith:
    """By this process."""
    return MadeWith(*map(version, MadeWith._fields))


def made_with_from(facts: Any) -> MadeWith:
    """From JSON, such as a run's versions.json. Raises ValueError if it is something else."""
    found = [facts.get(name) for name in MadeWith._fields] if isinstance(facts, Mapping) else [None]
    if not all(isinstance(each, str) for each in found):
        raise ValueError(f"it does not say the versions of {', '.join(MadeWith._fields)}")
    return MadeWith(*found)


def versions() -> dict[str, str]:
    """For the record."""
    return {"python": platform.python_version(), **{name: version(name) for name in _PACKAGES}}
