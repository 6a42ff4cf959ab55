"""How stored values become inputs from 0 to 1, as a setting says it: a word, or the two values that mean 0 and 1."""

from __future__ import annotations

import math
from typing import Annotated, Any

from pydantic import BeforeValidator

AUTO = "auto"
SCALES = {
    AUTO: "bytes over 255, values from 0 to 1 as they are, others over the range of the training data",
    "type": "over the range of their type, which must be one of whole numbers",
    "data": "over the range of the training data, as one",
    "feature": "each input over its own range in the training data",
}
_RULE = f"choose {', '.join(SCALES)}, or LOW,HIGH, the stored values that mean 0 and 1, such as 0,16"


def ends_of(scale: str) -> tuple[float, float] | None:
    """The two values that a scale names; None of a word."""
    if scale in SCALES:
        return None
    low, high = map(float, scale.split(","))
    return low, high


def _canonical(value: Any) -> Any:
    """One way to write each scale; a single number is the value that means 1. Raises ValueError."""
    if isinstance(value, str) and value.strip() in SCALES:
        return value.strip()
    parts = value if isinstance(value, list | tuple) else str(value).split(",")
    try:
        numbers = [float(part) for part in parts if not isinstance(part, bool)]
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"scale = {value!r}: {_RULE}") from None
    if len(numbers) == 1:
        numbers = [0.0, *numbers]
    if len(numbers) != 2 or not all(map(math.isfinite, numbers)) or not numbers[0] < numbers[1]:
        raise ValueError(f"scale = {value!r}: {_RULE}; LOW below HIGH, both finite")
    return ",".join(map(_short, numbers))


def _short(number: float) -> str:
    return repr(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)


# A string, so that a file, a flag and a sweep's axis write it alike.
ScaleName = Annotated[str, BeforeValidator(_canonical)]
