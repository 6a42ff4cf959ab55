"""What a run's page counts on in the files of its folder, and whether a stored one has it."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal, NotRequired, TypeVar

from pydantic import Field, TypeAdapter, ValidationError
from typing_extensions import TypedDict

from chipsim.reading import read_text
from host.errors import RunFolderError
from host.report.population import numbers
from host.run import stored_result
from host.sweep import JUST_THIS, LARGEST, Amount, Count, Fraction, read_summary

_Read = TypeVar("_Read")
_LARGEST_FILE = 64 << 20  # bytes of a run's files of text


class _Noise(TypedDict):
    __pydantic_config__ = JUST_THIS  # type: ignore[misc]
    text: str
    meaning: list[str]


class _Kind(TypedDict):
    __pydantic_config__ = JUST_THIS  # type: ignore[misc]
    messages: Count
    bytes: Count


class _BothWays(TypedDict):
    __pydantic_config__ = JUST_THIS  # type: ignore[misc]
    down: Amount
    up: Amount


class _PerSample(TypedDict):
    __pydantic_config__ = JUST_THIS  # type: ignore[misc]
    learning: _BothWays | None
    inference: _BothWays | None
    read_back: _BothWays | None


class _Time(TypedDict):
    __pydantic_config__ = JUST_THIS  # type: ignore[misc]
    seconds: Amount
    chip_busy_s: Amount
    chip_waits: Amount
    host_work_hidden: Annotated[float, Field(ge=-LARGEST, le=LARGEST)]


class _Imposed(TypedDict):
    __pydantic_config__ = JUST_THIS  # type: ignore[misc]
    mbit_per_s: Amount
    latency_us: Amount
    stalled_s: Amount


class _Link(TypedDict):
    __pydantic_config__ = JUST_THIS  # type: ignore[misc]
    chip: str
    down: dict[str, _Kind]
    up: dict[str, _Kind]
    bytes_down: Count
    bytes_up: Count
    bytes_per_sample: _PerSample
    resent_frames: Count
    damaged_frames: Count
    time: NotRequired[_Time | None]
    imposed: NotRequired[_Imposed | None]


class _Assigned(TypedDict):
    __pydantic_config__ = JUST_THIS  # type: ignore[misc]
    accuracy: Fraction
    by_mean: Fraction
    by_proportion: Fraction
    silent_neurons: Count


class _Result(TypedDict):
    """Besides what every summary has."""

    __pydantic_config__ = JUST_THIS  # type: ignore[misc]
    test_samples: Annotated[int, Field(ge=1, lt=2**63)]
    recovered_fraction: Annotated[float, Field(ge=-LARGEST, le=LARGEST)] | None
    noise: list[_Noise]
    dataset: str
    data_origin: str
    spec_hash: str
    link: NotRequired[_Link]
    assignment: NotRequired[dict[Literal["ideal", "before", "after", "transfer", "adapted"], _Assigned]]


class _CheckRow(TypedDict):
    presentations: Amount
    epoch: Amount
    learning_rate: Amount
    validation_accuracy: Fraction
    repaired: Amount
    broken: Amount
    weight_updates: Amount
    synaptic_events: Amount


_RESULT: TypeAdapter[Any] = TypeAdapter(_Result)
_CHECKS: TypeAdapter[Any] = TypeAdapter(list[_CheckRow])


def run_result(folder: Path) -> dict[str, Any]:
    """What a finished run's result.json says. Raises RunFolderError."""
    stored_result(folder)
    return _read_from(folder / "result.json", read_result, f"write it again with chipsim run --resume {folder}")


def run_checks(folder: Path) -> list[dict[str, float]]:
    """The rows of a run's metrics.csv, as numbers; none where nothing was learned. Raises RunFolderError."""
    path = folder / "metrics.csv"
    return _read_from(path, read_checks, "name another run") if path.exists() else []


def _read_from(path: Path, read: Callable[[str], _Read], remedy: str) -> _Read:
    try:
        return read(read_text(path, _LARGEST_FILE))
    except (ValueError, RecursionError) as error:
        raise RunFolderError(f"{path} cannot be read ({error}); {remedy}") from None


def read_result(text: str) -> dict[str, Any]:
    """A stored result as it is. Raises ValueError, in one line, if what a page shows is missing or absurd."""
    facts = read_summary(text)
    try:
        _RESULT.validate_json(text)
    except ValidationError as error:
        raise ValueError(_first(error)) from None
    for name, value in numbers(facts.get("cost") or {}):
        if not abs(value) <= LARGEST:
            raise ValueError(f"cost.{name}: {value:g} is no figure of a chip")
    return facts


def read_checks(text: str) -> list[dict[str, float]]:
    """The rows of a metrics.csv. Raises ValueError, in one line, if one is missing something or absurd."""
    try:
        rows = list(csv.DictReader(io.StringIO(text)))
        checks: list[dict[str, float]] = _CHECKS.validate_python(rows)
    except csv.Error as error:
        raise ValueError(f"it is no CSV: {error}") from None
    except ValidationError as error:
        raise ValueError(_first(error)) from None
    return checks


def _first(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    return ": ".join(filter(None, (".".join(map(str, first["loc"])), first["msg"])))
