"""An axis whose levels are numbers: a noise, or a setting of the run that is a number."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel

from host.errors import SettingError
from host.near import did_you_mean
from host.settings import RunSpec
from nonideality import EFFECTS, NoiseError, parse

_NO_AXIS = ("die", "seed", "training.chunk")  # no level of anything


@dataclass(frozen=True)
class LevelAxis:
    """Something that varies, by the name it has in a sweep."""

    name: str
    kind: Literal["noise", "setting"]
    whole: bool  # levels are whole numbers
    ends: tuple[float, float] | None  # where a search may begin; None: the user must say


def level_axis(name: str) -> LevelAxis:
    """The axis called `name`. Raises SettingError with the valid names."""
    kind, site_and_options = split_name(name)
    if EFFECTS.offers(kind):
        try:
            effect = EFFECTS.get(kind)
        except NoiseError as error:
            raise SettingError(f"axis {name!r}: {error}") from None
        low, high = effect.level_range
        try:
            parse(f"{kind}:{low:g}{site_and_options}")
        except NoiseError as error:
            raise SettingError(f"axis {name!r}: {error}") from None
        return LevelAxis(name, "noise", effect.whole_levels, (low, high if math.isfinite(high) else low + 1))
    numbers = dict(_number_settings(RunSpec))
    if name not in numbers:
        effects = EFFECTS.names()
        hint = did_you_mean(name, (*effects, *numbers))
        raise SettingError(
            f"unknown axis {name!r}: {hint}choose a noise ({', '.join(effects)}) or a setting that is a number"
            f" ({', '.join(numbers)})"
        )
    return LevelAxis(name, "setting", numbers[name] is int, None)


def split_name(name: str) -> tuple[str, str]:
    """Kind of a noise, and what follows its level."""
    length = min((name.index(mark) for mark in "@," if mark in name), default=len(name))
    return name[:length], name[length:]


def _number_settings(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, type]]:
    """Settings of a model that are numbers, optional ones too, with int or float."""
    for name, field in model.model_fields.items():
        full_name = prefix + name
        for kind in _types(field.annotation):
            if issubclass(kind, BaseModel):
                yield from _number_settings(kind, f"{full_name}.")
            elif kind in (int, float) and full_name not in _NO_AXIS:
                yield full_name, kind


def _types(annotation: Any) -> Iterator[type]:
    """The classes that an annotation stands for; those inside a tuple are not among them."""
    if isinstance(annotation, type) and get_origin(annotation) is None:
        yield annotation
    elif get_origin(annotation) is not tuple:
        for part in get_args(annotation):
            yield from _types(part)
