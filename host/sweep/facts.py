"""What of a run's summary others count on, and whether a stored one has it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError

_LARGEST = 1e30  # of a figure that some chip could have
_Count = Annotated[int, Field(ge=0, lt=2**63)]
_Amount = Annotated[float, Field(ge=0)]
_Fraction = Annotated[float, Field(ge=0, le=1)]


class _Part(BaseModel):
    """Only what is used; there may be more."""

    model_config = ConfigDict(strict=True, extra="allow", allow_inf_nan=False)


class _Accuracy(_Part):
    teacher: _Fraction
    ideal: _Fraction
    before: _Fraction
    after: _Fraction


class _Effort(_Part):
    samples: _Count
    die_samples: _Count
    bytes_down: _Amount
    bytes_up: _Amount
    weights_programmed: _Count
    host_macs: _Count


class _Phase(_Part):
    input_events: _Amount
    synaptic_events_per_layer: list[_Amount]
    spikes_per_layer: list[_Amount]
    weight_updates: _Amount
    code_writes: _Amount


class _Cost(_Part):
    inference: _Phase | None = None
    learning: _Phase | None = None


class _Summary(_Part):
    accuracy: _Accuracy
    network: Annotated[list[Annotated[int, Field(ge=1)]], Field(min_length=2)]
    train_samples: _Count
    kept_after_samples: _Count
    synaptic_events: _Count
    weight_updates: _Count
    code_writes: _Count
    saturation: dict[str, dict[str, _Count]]
    method: _Effort | None = None
    cost: _Cost | None = None


class LimitsMet(NamedTuple):
    """What makes a die's figures doubtful, whatever its accuracy."""

    spikes_not_counted: int  # since an accumulator was full: while learning and in both tests
    silent_layers: tuple[int, ...]  # hidden layers, from 1, without one spike in the test after learning


def limits_met(facts: Mapping[str, Any]) -> LimitsMet:
    """Of a run's facts."""
    full = sum(counts.get("accumulator_full", 0) for counts in facts["saturation"].values())
    inference = (facts.get("cost") or {}).get("inference") or {"spikes_per_layer": []}
    hidden = inference["spikes_per_layer"][:-1]
    return LimitsMet(full, tuple(layer for layer, spikes in enumerate(hidden, 1) if not spikes))


def read_summary(text: str) -> dict[str, Any]:
    """A stored summary as it is. Raises ValueError, in one line, if what others count on is missing or absurd."""
    facts = read_object(text)
    try:
        _Summary.model_validate(facts)
    except ValidationError as error:
        first = error.errors()[0]
        raise ValueError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    return facts


def read_object(text: str) -> dict[str, Any]:
    """A JSON object. Raises ValueError, in one line."""
    try:
        found = json.loads(text, parse_constant=_refuse, parse_float=_figure)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if not isinstance(found, dict):
        raise ValueError("it is no JSON object")
    return found


def _figure(text: str) -> float:
    value = float(text)
    return value if abs(value) <= _LARGEST else _refuse(text)


def _refuse(text: str) -> Any:
    raise ValueError(f"{text} is no figure of a chip")
