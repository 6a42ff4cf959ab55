"""Reads ``KIND:LEVEL[@SITE][,key=value...]``, the way noises are written on the command line and in a spec.

A value ends at the next comma, unless it is JSON that begins with a quote, a bracket or a brace.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nonideality.effect import Nonideality
from nonideality.near import did_you_mean
from nonideality.noise_error import NoiseError
from nonideality.registry import EFFECTS, effect_named

_FORM = "KIND:LEVEL[@SITE][,key=value...], for example mismatch:0.2@threshold"
_NOISE = re.compile(r"(?P<kind>[^:@,=\s]+):(?P<level>[^:@,=\s]+)(@(?P<site>[^:@,=\s]+))?(?P<options>(,[^,]*)*)")
_KEY = re.compile(r",(?P<key>[^,=]*)(?P<equals>=?)")
_JSON = json.JSONDecoder()


@dataclass(frozen=True)
class Noise:
    """One effect, its level, and where it acts."""

    effect: Nonideality
    sites: tuple[str, ...]
    layer: int | None = None  # 1-based; None: every layer

    def describe(self) -> list[str]:
        """One line per site: what this noise means here."""
        where = "" if self.layer is None else f"; layer {self.layer} only"
        with EFFECTS.blamed(self.effect.name, "explains itself badly"):
            return [self.effect.describe(site) + where for site in self.sites]


def _number(text: str, what: str, whole: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise NoiseError(f"noise {whole!r}: {what} {text!r} is not a number; write {_FORM}") from None


def parse(text: str) -> Noise:
    """One noise from its text. Raises NoiseError, saying what would be valid."""
    match = _NOISE.fullmatch(text.strip())
    if match is None:
        raise NoiseError(f"noise {text!r} cannot be read: write {_FORM}")
    effect = effect_named(match["kind"])
    with EFFECTS.blamed(match["kind"], "fails"):
        return _read(effect, match, text)


def _read(effect: type[Nonideality], match: re.Match[str], text: str) -> Noise:
    """A noise of this effect, with level, site and options as they are written."""
    level = _number(match["level"], "level", text)
    sites = effect.default_sites()
    if match["site"] is not None:
        if match["site"] not in effect.sites:
            hint = did_you_mean(match["site"], effect.sites)
            raise NoiseError(
                f"{effect.name} has no site {match['site']!r}: {hint}choose from {', '.join(effect.sites)}"
            )
        sites = (match["site"],)
    meanings = effect.option_meanings()
    if "layer" in meanings:
        raise TypeError("it has an option named layer, which every noise has already; rename it")
    known = ("layer", *meanings)
    layer: int | None = None
    options: dict[str, Any] = {}
    for pair, key, value in _options(match["options"]):
        if key not in known or value is None or key in options or (key == "layer" and layer):
            hint = "" if key in known else did_you_mean(key, known)
            raise NoiseError(
                f"noise {text!r}: {hint}{pair!r} is not key=value with a key from {', '.join(known)}, each once"
            )
        if key == "layer":
            number = _number(value, key, text)
            if not (math.isfinite(number) and number >= 1 and number == int(number)):
                raise NoiseError(f"noise {text!r}: layer {number:g} is not a whole number from 1 (the first layer)")
            layer = int(number)
        else:
            options[key] = _number(value, key, text) if effect.Options is None else value
    made = effect(level, options)
    if not hasattr(made, "option_values"):
        raise TypeError("its __init__ does not call that of Nonideality")
    return Noise(made, sites, layer)


def _options(text: str) -> Iterator[tuple[str, str, str | None]]:
    """Of ``,key=value,...`` each pair as it stands, its key, and its value; None without an equals sign."""
    start = 0
    while start < len(text):
        match = _KEY.match(text, start)
        assert match is not None, "the form asks for a comma here"
        stop = _end_of_value(text, match.end()) if match["equals"] else match.end()
        yield text[start + 1 : stop], match["key"], text[match.end() : stop] if match["equals"] else None
        start = stop


def _end_of_value(text: str, start: int) -> int:
    comma = text.find(",", start)
    until_comma = len(text) if comma < 0 else comma
    if text[start : start + 1] not in ('"', "[", "{"):
        return until_comma
    try:
        stop = _JSON.raw_decode(text, start)[1]
    except (ValueError, RecursionError):
        return until_comma
    return stop if stop == len(text) or text[stop] == "," else until_comma


def settled(text: str) -> str:
    """The same noise with the paths among its options made absolute: it means the same in every folder.

    Raises what `parse` does.
    """
    given = parse(text).effect.option_values
    match = _NOISE.fullmatch(text.strip())
    assert match is not None, "parse has read it"
    settled_options = [
        f",{key}={_path_text(given[key])}" if isinstance(given.get(key), Path) else f",{pair}"
        for pair, key, _ in _options(match["options"])
    ]
    return text.strip()[: match.start("options")] + "".join(settled_options)


def _path_text(path: Path) -> str:
    absolute = str(path.absolute())
    return json.dumps(absolute, ensure_ascii=False) if "," in absolute else absolute


def parse_all(texts: Iterable[str]) -> tuple[Noise, ...]:
    """Several noises. Raises NoiseError if two would draw the same errors (same effect, site and layer)."""
    noises = tuple(parse(text) for text in texts)
    taken: set[tuple[str, str]] = set()
    for noise in noises:
        for site in noise.sites:
            here = {key for key in taken if key[0] == f"{noise.effect.name}@{site}"}
            layer = "all" if noise.layer is None else str(noise.layer)
            if any(layer == "all" or other in ("all", layer) for _, other in here):
                raise NoiseError(f"{noise.effect.name}@{site} is given twice: keep one, or name different sites")
            taken.add((f"{noise.effect.name}@{site}", layer))
    return noises
