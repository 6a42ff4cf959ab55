"""Everything a run is defined by, resolved once: flags over the file over the defaults."""

from __future__ import annotations

import contextlib
import difflib
import hashlib
import json
import tomllib
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Annotated, Any, Literal

import tomli_w
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from chipsim import ChipSpec, NeuronSpec
from host.encoders import Encoding
from host.errors import SettingError
from host.teacher import Norm, OutputTarget
from learning_circuit import LearningCircuitSpec
from nonideality.grammar import parse_all

Seed = Annotated[int, Field(ge=0, lt=2**32)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Rest = Annotated[float, Field(ge=0, allow_inf_nan=False)]  # seconds; see noise drift
Width = Annotated[int, Field(ge=1, le=1_000_000)]

# What suits a data set where neither a flag nor the file says otherwise.
_DATASET_DEFAULTS: dict[str, dict[str, Any]] = {
    "digits": {"hidden": (128, 64)},
    "mnist": {"hidden": (256,)},
    "yinyang": {"hidden": (120,), "encoding": "current", "steps": 32},
}


class TeacherSpec(BaseModel):
    """The ANN that the chip is to follow."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    epochs: Annotated[int, Field(ge=1)] | None = None  # None: by the size of the data set
    norm: Norm = "neuron"  # whether y_norm of Eq. 4 is one figure per layer or per neuron
    norm_percentile: Annotated[float, Field(ge=50, le=100)] = 99.0  # of the positive activations


class TrainingSpec(BaseModel):
    """Learning on the chip."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    start: Literal["teacher", "random"] = "teacher"  # weights the die is programmed with
    output_target: OutputTarget = "logits"
    epochs: Annotated[int, Field(ge=0)] | None = None  # None: by the size of the data set
    learning_rate: Positive | None = None  # at the first sample, in thresholds; falls linearly. None: by error gate
    validation_fraction: Annotated[float, Field(gt=0, le=0.5)] = 0.15
    chunk: Annotated[int, Field(ge=1, le=65536)] = 1024  # samples sent at a time; changes no result
    rest_before_s: Rest = 0.0  # after programming, before the die is looked at
    rest_after_s: Rest = 0.0  # after learning, before it is looked at again


class RunSpec(BaseModel):
    """A run: data, network, chip, noise, learning, seeds. The same spec gives the same bits."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    dataset: str = "digits"
    data_dir: str | None = None
    hidden: Annotated[tuple[Width, ...], Field(max_length=64)] = (128, 64)
    steps: Annotated[int, Field(ge=2, le=4096)] = 16
    encoding: Encoding = "rate"
    noise: tuple[str, ...] = ()
    die: Seed = 1
    seed: Seed = 1
    neuron: NeuronSpec = NeuronSpec()
    learning_circuit: LearningCircuitSpec = LearningCircuitSpec()
    teacher: TeacherSpec = TeacherSpec()
    training: TrainingSpec = TrainingSpec()

    @field_validator("noise")
    @classmethod
    def _readable(cls, noise: tuple[str, ...]) -> tuple[str, ...]:
        parse_all(noise)
        return noise

    @model_validator(mode="after")
    def _learns(self) -> RunSpec:
        if self.learning_circuit.warm_up_steps >= self.steps:
            raise ValueError(
                f"warm_up_steps {self.learning_circuit.warm_up_steps} leaves no step to learn in: keep it below steps"
                f" ({self.steps})"
            )
        for text, noise in zip(self.noise, parse_all(self.noise), strict=True):
            if noise.layer is not None and noise.layer > len(self.hidden) + 1:
                raise ValueError(
                    f"noise {text!r}: there is no layer {noise.layer}; this network has 1 to {len(self.hidden) + 1}"
                )
        return self

    def chip_spec(self, n_in: int, n_classes: int) -> ChipSpec:
        return ChipSpec(
            layer_sizes=(n_in, *self.hidden, n_classes),
            steps=self.steps,
            neuron=self.neuron,
            learning_circuit=self.learning_circuit,
            noise=self.noise,
        )

    def to_toml(self) -> str:
        """The spec as a file for ``--config``. Settings left open (None) are left out."""
        return tomli_w.dumps(self.model_dump(mode="json", exclude_none=True), multiline_strings=False)

    def hash(self) -> str:
        """Eight hex digits over everything that decides the results (`data_dir` and `chunk` do not)."""
        facts = self.model_dump(mode="json")
        del facts["data_dir"], facts["training"]["chunk"]
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:8]


def resolve(config: Path | None, overrides: Mapping[str, Any]) -> RunSpec:
    """The spec from a TOML file (if any) and overrides such as ``{"training.epochs": 5}``. Raises SettingError."""
    settings = _read_toml(config) if config is not None else {}
    for path, value in overrides.items():
        _put(settings, path, deepcopy(value))
    dataset = settings.get("dataset", "digits")
    for key, value in _DATASET_DEFAULTS.get(dataset if isinstance(dataset, str) else "", {}).items():
        settings.setdefault(key, value)
    circuit, steps = settings.setdefault("learning_circuit", {}), settings.get("steps", 16)
    if isinstance(circuit, dict):
        with contextlib.suppress(TypeError, ValueError, OverflowError):  # steps that are no number are refused below
            circuit.setdefault("warm_up_steps", int(steps) // 2)
    try:
        return RunSpec.model_validate(settings)
    except ValidationError as error:
        raise SettingError(_one_line(error, config)) from None


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingError(f"config {path} cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingError(f"config {path} is not TOML: {error}") from None


def _put(settings: dict[str, Any], path: str, value: Any) -> None:
    *tables, key = path.split(".")
    for table in tables:
        settings = settings.setdefault(table, {})
        if not isinstance(settings, dict):
            raise SettingError(f"{path}: {table} is not a table in the config file")
    settings[key] = value


def _known_keys(path: tuple[str, ...]) -> list[str]:
    model: Any = RunSpec
    for name in path:
        model = model.model_fields[name].annotation if name in model.model_fields else None
        if model is None or not hasattr(model, "model_fields"):
            return []
    return list(model.model_fields)


def _one_line(error: ValidationError, config: Path | None) -> str:
    """The first thing wrong, with its name, its value, the rule, and what would be valid."""
    first = error.errors()[0]
    path = [str(part) for part in first["loc"] if not isinstance(part, int)]
    name = ".".join(path)
    where = f" in {config}" if config is not None else ""
    if first["type"] == "extra_forbidden":
        known = _known_keys(tuple(path[:-1]))
        near = difflib.get_close_matches(path[-1], known, 1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        return f"unknown setting {name!r}{where}: {hint}choose from {', '.join(known)}"
    message = first["msg"].removeprefix("Value error, ")
    if not path or first["type"] == "value_error":
        return f"{message}{where}"
    return f"{name} = {first['input']!r}{where}: {message[0].lower()}{message[1:]}"
