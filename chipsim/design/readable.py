"""Numbers, and what is made of many of them, as a person reads them."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence, Sized
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

_ROUNDING = 1e-12  # what is left of a difference of equal numbers is below this, and no figure that has a handy unit is
_FEW = 4  # entries that are shown
_LONG = 40  # letters
_WIDTH, _LINES = 100, 10


def readable(value: float, digits: int = 6) -> str:
    """To so many digits; no rounding error in place of zero, and zero without a sign."""
    return "0" if abs(value) < _ROUNDING else f"{value:.{digits}g}"


def short_repr(value: Any) -> str:
    """``__repr__`` of a dataclass with large contents: ten lines at most, arrays by their type and shape."""
    parts = ", ".join(f"{each.name}={_short(getattr(value, each.name))}" for each in fields(value) if each.repr)
    text = f"{type(value).__name__}({parts})"
    lines = textwrap.wrap(text, _WIDTH, subsequent_indent="  ", max_lines=_LINES, placeholder=" ...)")
    return "\n".join(lines)


def _short(value: Any) -> str:
    kind = type(value).__name__
    if isinstance(value, np.ndarray):
        return f"<{value.dtype} {value.shape}>"
    if value is None or isinstance(value, bool | int | float | np.generic):
        return repr(value)
    if isinstance(value, str):
        return repr(value if len(value) <= _LONG else f"{value[: _LONG - 3]}...")
    if isinstance(value, Mapping | Sequence) and type(value).__repr__ in (dict.__repr__, list.__repr__, tuple.__repr__):
        few = len(value) <= _FEW and all(isinstance(each, int | float | str | None) for each in _values(value))
        return repr(value) if few else f"<{kind} of {len(value)}>"
    if is_dataclass(value) or not isinstance(value, Sized):
        return f"<{kind}>"
    return f"<{kind} of {len(value)}>"


def _values(value: Mapping[Any, Any] | Sequence[Any]) -> Sequence[Any]:
    return list(value.values()) if isinstance(value, Mapping) else value
