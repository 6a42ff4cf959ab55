"""The numbers an effect takes besides its level, read with their defaults and checked."""

from __future__ import annotations

import math

from nonideality.effect import Nonideality
from nonideality.noise_error import NoiseError


def positive(effect: Nonideality, key: str, default: float) -> float:
    """The option `key`, a finite number above zero. Raises NoiseError."""
    value: float = effect.option_values.get(key, default)
    if not (math.isfinite(value) and value > 0):
        raise NoiseError(f"{effect.name}: {key} {value:g} is not a number above 0 ({effect.options[key]})")
    return value


def not_negative(effect: Nonideality, key: str, default: float) -> float:
    """The option `key`, a finite number of at least zero. Raises NoiseError."""
    value: float = effect.option_values.get(key, default)
    if not (math.isfinite(value) and value >= 0):
        raise NoiseError(f"{effect.name}: {key} {value:g} is not a number of at least 0 ({effect.options[key]})")
    return value


def fraction(effect: Nonideality, key: str, default: float) -> float:
    """The option `key`, above 0 and at most 1. Raises NoiseError."""
    value: float = effect.option_values.get(key, default)
    if not 0 < value <= 1:
        raise NoiseError(
            f"{effect.name}: {key} {value:g} is not a number above 0 and at most 1 ({effect.options[key]})"
        )
    return value
