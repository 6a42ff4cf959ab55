"""Reads what a sweep varies: lists of noise levels, lists of a setting's values, the dies."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

from chipsim.reading import TomlError, parse_toml
from host.errors import SettingError
from nonideality import parse

MAX_DIES = 1_000_000
_NOISE_LIST = re.compile(r"(?P<kind>[^:@,=\s]+):(?P<levels>[^@=]*?)(?P<rest>(@[^,]*)?(,[^,=]*=.*)?)", re.DOTALL)
_DIES_FORM = "write a number of dies such as 20, or which ones: 5-9 or 1,3,8-12"


@dataclass(frozen=True)
class Axis:
    """One thing that varies: a noise's level, or a setting."""

    name: str  # mismatch, mismatch@threshold,layer=1, or steps, learning_circuit.accumulator_bits
    kind: Literal["noise", "setting"]
    values: tuple[Any, ...]  # JSON values

    def noise(self, level: Any) -> str:
        """The noise at `level`, as written in a spec."""
        kind, rest = re.fullmatch(r"([^@,]+)(.*)", self.name).groups()  # type: ignore[union-attr]
        return f"{kind}:{level}{rest}"

    def override(self, value: Any, noises: list[str]) -> dict[str, Any]:
        """What to put over the settings, which have `noises` so far."""
        return {"noise": [*noises, self.noise(value)]} if self.kind == "noise" else {self.name: value}

    def to_json(self) -> dict[str, Any]:
        return {"name": self.name, "kind": self.kind, "values": list(self.values)}

    @staticmethod
    def from_json(facts: Mapping[str, Any]) -> Axis:
        return Axis(facts["name"], facts["kind"], tuple(facts["values"]))


def noise_axis(text: str) -> Axis | None:
    """The axis in ``KIND:LEVEL,LEVEL,...[@SITE][,key=value...]``; None for a noise of one level.

    Raises NoiseError if a level cannot be, SettingError if one is given twice or left out.
    """
    match = _NOISE_LIST.fullmatch(text.strip())
    levels = [level.strip() for level in match["levels"].split(",")] if match else []
    if match is None or len(levels) < 2:
        return None
    if "" in levels:
        raise SettingError(
            f"noise {text!r}: a level is missing between the commas; write for example {match['kind']}:0.1,0.2"
        )
    for level in levels:
        parse(f"{match['kind']}:{level}{match['rest']}")
    values = [int(value) if value.is_integer() else value for value in map(float, levels)]
    return _axis(match["kind"] + match["rest"], "noise", values)


def setting_axis(text: str) -> Axis:
    """The axis in ``KEY=VALUE,VALUE,...``, values as in TOML, bare words for text. Raises SettingError."""
    name, equals, values = (part.strip() for part in text.partition("="))
    if not name or not equals:
        raise SettingError(f"axis {text!r} is not KEY=VALUE,VALUE,...; write for example steps=4,8,16")
    if not values:
        raise SettingError(f"axis {name} has no value: write for example {name}=VALUE,VALUE")
    if name == "noise":
        raise SettingError("axis noise: give the levels to --noise instead, for example --noise mismatch:0,0.1,0.2")
    if name == "die":
        raise SettingError("axis die: name the dies with --dies instead, for example --dies 20")
    if name in ("data_dir", "training.chunk"):
        raise SettingError(f"axis {name}: it changes no result, so there is nothing to compare")
    return _axis(name, "setting", _values(name, values))


def _values(name: str, text: str) -> list[Any]:
    try:
        values: list[Any] = parse_toml(f"values = [{text}]")["values"]
        return values
    except TomlError:
        words = [word.strip() for word in text.split(",")]
    if "" in words:
        raise SettingError(f"axis {name}: a value is missing between the commas of {text!r}")
    return [_value(word) for word in words]


def _value(word: str) -> Any:
    try:
        return parse_toml(f"value = {word}")["value"]
    except TomlError:
        return word


def _axis(name: str, kind: Literal["noise", "setting"], values: list[Any]) -> Axis:
    for number, value in enumerate(values):
        if value in values[:number]:
            raise SettingError(f"axis {name}: the value {value} is given twice; keep one")
    return Axis(name, kind, tuple(values))


def dies(text: str) -> tuple[int, ...]:
    """``20`` for dies 1 to 20, or which ones: ``5-9``, ``1,3,8-12``. Raises SettingError."""
    if text.isdecimal():
        return tuple(range(1, _number(text, 1, MAX_DIES) + 1))
    chosen: list[int] = []
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        low = _number(first, 0, 2**32 - 1)
        high = _number(last, 0, 2**32 - 1) if dash else low
        if high < low:
            raise SettingError(f"dies {part.strip()!r}: the range ends before it begins; write {last}-{first}")
        if len(chosen) + high - low >= MAX_DIES:
            raise SettingError(f"dies {text!r} are more than {MAX_DIES:,}; take fewer")
        chosen += range(low, high + 1)
    twice = next((die for die, following in pairwise(sorted(chosen)) if die == following), None)
    if twice is not None:
        raise SettingError(f"die {twice} is given twice in {text!r}; keep one")
    return tuple(chosen)


def _number(text: str, low: int, high: int) -> int:
    # At most eleven digits: longer ones are too large, and Python may refuse to read them.
    if not (text.isdecimal() and text.isascii() and len(text) <= 11 and low <= int(text) <= high):
        raise SettingError(f"dies: {text!r} is not a whole number from {low} to {high}; {_DIES_FORM}")
    return int(text)


def split_noises(texts: Iterable[str]) -> tuple[list[str], list[Axis]]:
    """Noises of one level, which belong to every point, and the axes."""
    found = [(text, noise_axis(text)) for text in texts]
    return [text for text, axis in found if axis is None], [axis for _, axis in found if axis is not None]
