"""What of a run's summary others count on, and whether a stored one has it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal, NamedTuple, NotRequired

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from typing_extensions import TypedDict

LARGEST = 1e30  # no figure of a chip comes near it
JUST_THIS = ConfigDict(strict=True, extra="allow", allow_inf_nan=False)  # of what is used; there may be more
Count = Annotated[int, Field(ge=0, lt=2**63)]
Amount = Annotated[float, Field(ge=0, le=LARGEST)]
Fraction = Annotated[float, Field(ge=0, le=1)]


class _Accuracy(TypedDict):
    __pydantic_config__ = JUST_THIS  # type: ignore[misc]
    teacher: Fraction
    ideal: Fraction
    before: Fraction
    after: Fraction


class _Effort(TypedDict):
    __pydantic_config__ = JUST_THIS  # type: ignore[misc]
    samples: Count
    die_samples: Count
    bytes_down: Amount
    bytes_up: Amount
    weights_programmed: Count
    host_macs: Count


class _Phase(TypedDict):
    __pydantic_config__ = JUST_THIS  # type: ignore[misc]
    input_events: Amount
    synaptic_events_per_layer: list[Amount]
    spikes_per_layer: list[Amount]
    weight_updates: Amount
    code_writes: Amount


class _Cost(TypedDict):
    __pydantic_config__ = JUST_THIS  # type: ignore[misc]
    inference: NotRequired[_Phase | None]
    learning: NotRequired[_Phase | None]


class _Summary(TypedDict):
    __pydantic_config__ = JUST_THIS  # type: ignore[misc]
    accuracy: _Accuracy
    network: Annotated[list[Annotated[int, Field(ge=1)]], Field(min_length=2)]
    train_samples: Count
    kept_after_samples: Count
    synaptic_events: Count
    weight_updates: Count
    code_writes: Count
    wrong_after: NotRequired[str]  # see host.run.right_answers
    saturation: dict[Literal["learning", "test_before", "test_after"], dict[str, Count]]
    method: NotRequired[_Effort]
    cost: NotRequired[_Cost]


_SUMMARY: TypeAdapter[Any] = TypeAdapter(_Summary)


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
    try:
        facts: dict[str, Any] = _SUMMARY.validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        raise ValueError(": ".join(filter(None, (".".join(map(str, first["loc"])), first["msg"])))) from None
    return facts


def read_object(text: str) -> dict[str, Any]:
    """A JSON object. Raises ValueError, in one line."""
    try:
        found = json.loads(text, parse_constant=_refuse)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if not isinstance(found, dict):
        raise ValueError("it is no JSON object")
    return found


def _refuse(text: str) -> Any:
    raise ValueError(f"{text} is no figure")
