"""What an effect is: a name, the sites it acts on, the meaning of its level, and how it fills a layer's errors."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import BaseModel

from nonideality.errors import LayerErrors
from nonideality.noise_error import NoiseError
from nonideality.typed_options import chosen_of, meanings_of


@dataclass(frozen=True)
class Site:
    """One place in the chip where an effect acts."""

    meaning: str  # what is disturbed there
    distribution: str  # with ``{level}`` where the level stands
    by_default: bool = True  # whether the effect acts here when no site is named


class Nonideality(ABC):
    """One effect at one level. Subclass it, give the class attributes and `fill`, and register it.

    Instances are immutable. `fill` must draw only from the generator it is given: each (die, effect, site, layer) has
    its own stream, so switching one effect on never changes another's draw.
    """

    name: ClassVar[str]  # as written in ``--noise name:level``
    summary: ClassVar[str]  # one line for the catalogue
    level_meaning: ClassVar[str]
    unit: ClassVar[str]
    level_range: ClassVar[tuple[float, float]] = (0.0, math.inf)  # both ends included, infinity itself is not
    whole_levels: ClassVar[bool] = False  # True: the level is a whole number
    persistence: ClassVar[Literal["frozen", "temporal"]]  # frozen: drawn once per die. temporal: anew at each event
    moment: ClassVar[Literal["fabricate", "program", "operate", "age"]]  # when it acts
    sites: ClassVar[Mapping[str, Site]]
    options: ClassVar[Mapping[str, str]] = {}  # key -> meaning, for keys besides ``layer``; values are numbers
    Options: ClassVar[type[BaseModel] | None] = None  # instead of `options`: a model of them, of any types
    source: ClassVar[str]
    draw: ClassVar[str] = ""  # a Gaussian that the chip draws once for several effects, their variances added
    remarks: ClassVar[tuple[str, ...]] = ()  # what else has to be known of it, a sentence each

    def __init__(self, level: float, options: Mapping[str, Any] | None = None) -> None:
        """options: what was given. Raises NoiseError if the level or an option is outside what the effect knows."""
        self.level = self.checked_level(level)
        self.option_values: dict[str, Any] = dict(options or {})
        self.chosen: Any = None  # an `Options` with all that was given or stands in its defaults
        if self.Options is not None:
            self.chosen = chosen_of(self.name, self.Options, self.option_values)
            self.option_values = {key: getattr(self.chosen, key) for key in self.option_values}

    @classmethod
    def option_meanings(cls) -> dict[str, str]:
        """Every key besides ``layer``, and what it means."""
        return dict(cls.options) if cls.Options is None else meanings_of(cls.Options)

    @classmethod
    def checked_level(cls, level: float) -> float:
        low, high = cls.level_range
        ok = math.isfinite(level) and low <= level <= high and (not cls.whole_levels or level == int(level))
        if not ok:
            kind = "a whole number" if cls.whole_levels else "a number"
            upper = f"from {low:g} to {high:g}" if math.isfinite(high) else f"of at least {low:g}"
            raise NoiseError(f"{cls.name}: level {level:g} is not {kind} {upper} ({cls.level_meaning})")
        return level

    @classmethod
    def default_sites(cls) -> tuple[str, ...]:
        return tuple(site for site, entry in cls.sites.items() if entry.by_default)

    @abstractmethod
    def fill(self, site: str, errors: LayerErrors, rng: np.random.Generator) -> None:
        """Write this effect at `site` into one layer's `errors`. Called once per (die, site, layer).

        Of a layer on an image once for all its neurons (`errors.n_in` 1, `errors.n_out` positions times columns), and
        once for each crossbar. `errors.place` says which die, which layer and which of these it is, `errors.role`
        whether it is the output layer.
        """

    def fingerprint(self) -> str:
        """Of the data that it reads besides level and options, such as a digest of a file; empty: it reads none.

        What a run found is known by this text, too: with other data it is another run, and is run anew.
        """
        return ""

    def describe(self, site: str) -> str:
        """What this level means at `site`, in one line."""
        entry = self.sites[site]
        distribution = entry.distribution.format(level=f"{self.level:g}")
        options = "".join(f", {key} = {_shown(value)}" for key, value in self.option_values.items())
        return f"{self.name}@{site}: {entry.meaning}; {distribution}{options}; {self.persistence}"


def _shown(value: Any) -> str:
    """An option's value as a person reads it, in one line."""
    if isinstance(value, float):
        return f"{value:g}"
    return " ".join(str(value).split())
