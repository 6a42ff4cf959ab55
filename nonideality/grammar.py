"""Reads ``KIND:LEVEL[@SITE][,key=value...]``, the way noises are written on the command line and in a spec."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass

from nonideality.effect import NoiseError, Nonideality
from nonideality.near import did_you_mean
from nonideality.registry import EFFECTS, effect_named

_FORM = "KIND:LEVEL[@SITE][,key=value...], for example mismatch:0.2@threshold"
_NOISE = re.compile(r"(?P<kind>[^:@,=\s]+):(?P<level>[^:@,=\s]+)(@(?P<site>[^:@,=\s]+))?(?P<options>(,[^,]*)*)")


@dataclass(frozen=True)
class Noise:
    """One effect, its level, and where it acts."""

    effect: Nonideality
    sites: tuple[str, ...]
    layer: int | None = None  # 1-based; None: every layer

    def describe(self) -> list[str]:
        """One line per site: what this noise means here."""
        where = "" if self.layer is None else f"; layer {self.layer} only"
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
    layer: int | None = None
    options: dict[str, float] = {}
    for pair in match["options"].split(",")[1:]:
        key, equals, value = pair.partition("=")
        if key not in ("layer", *effect.options) or not equals or key in options or (key == "layer" and layer):
            known = ("layer", *effect.options)
            hint = "" if key in known else did_you_mean(key, known)
            raise NoiseError(
                f"noise {text!r}: {hint}{pair!r} is not key=value with a key from {', '.join(known)}, each once"
            )
        number = _number(value, key, text)
        if key == "layer":
            if not (math.isfinite(number) and number >= 1 and number == int(number)):
                raise NoiseError(f"noise {text!r}: layer {value} is not a whole number from 1 (the first layer)")
            layer = int(number)
        else:
            options[key] = number
    return Noise(effect(level, options), sites, layer)


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
