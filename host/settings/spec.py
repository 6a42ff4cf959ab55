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

from chipsim import ChipSpec, NeuronSpec, SynapseSpec
from chipsim.design.spec import TargetBits, check_devices
from chipsim.physical import PhysicalSpec
from host.data.encoders import Encoding
from host.errors import SettingError
from host.methods.registry import find
from host.run.chip_setting import ChipSetting
from host.settings.in_the_loop import LoopSpec
from host.settings.method_names import MethodName
from host.settings.methods import ConversionSpec, OfflineSpec
from host.teachers.teacher import Norm, OutputTarget
from learning_circuit import LearningCircuitSpec
from nonideality.grammar import parse_all

Seed = Annotated[int, Field(ge=0, lt=2**32)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Rest = Annotated[float, Field(ge=0, allow_inf_nan=False)]  # seconds; see noise drift
Width = Annotated[int, Field(ge=1, le=1_000_000)]

# What suits a data set where neither a flag nor the file says otherwise.
_DATASET_DEFAULTS: dict[str, dict[str, Any]] = {
    "digits": {"hidden": (128, 64)},
    "mnist": {"hidden": (256,), "teacher.shift_px": 1},
    "mnist16": {"hidden": (246,)},
    "yinyang": {"hidden": (120,), "encoding": "current", "steps": 32},
    "cifar10": {
        "hidden": (256,),
        "encoding": "current",
        "neuron.low_rail_th": -1.0,
        "learning_circuit.dead_zone_counts": 0.5,
        "conversion.initial_membrane_th": 0.5,
        "training.epochs": 1,
        "training.learning_rate": 1e-3,
        "training.validation_fraction": 0.1,
    },
}
# Steps at the end of a window in which a data set is learned; half of the window where nothing is said. In the last
# step counts are final: errors before it are mostly those of spikes still to come, and many layers learn to fire more.
_STEPS_LEARNED_IN = {"cifar10": 1}


class TeacherSpec(BaseModel):
    """The ANN that the chip is to follow: trained here, with layers as `hidden` says, or read from a file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: str | None = None  # an ONNX or NIR file, which says the layers, too
    digest: str | None = None  # of that file's contents, see host.teachers.files
    step_s: Positive | None = None  # length of a step in a NIR file's time
    integration: Literal["euler", "exponential"] | None = None  # over a step, see host.teachers.nir.dynamics
    epochs: Annotated[int, Field(ge=1)] | None = None  # None: by the size of the data set
    shift_px: Annotated[int, Field(ge=0)] = 0  # training images are moved by up to so many pixels, see host.data.shift
    norm: Norm = "neuron"  # whether y_norm of Eq. 4 is one figure per layer or per neuron
    norm_percentile: Annotated[float, Field(ge=50, le=100)] = 99.0  # of the positive activations


class TrainingSpec(BaseModel):
    """How the die comes to its weights."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    method: MethodName = "on-chip-ltl"
    start: Literal["teacher", "random"] = "teacher"  # weights the die is programmed with
    output_target: OutputTarget = "logits"
    epochs: Annotated[int, Field(ge=0)] | None = None  # None: by the size of the data set
    learning_rate: Positive | None = None  # at the first sample, in thresholds; falls linearly. None: by method
    validation_fraction: Annotated[float, Field(gt=0, le=0.5)] = 0.15
    chunk: Annotated[int, Field(ge=1, le=65536)] = 2048  # samples sent at a time; changes no result
    rest_before_s: Rest = 0.0  # after programming, before the die is looked at
    rest_after_s: Rest = 0.0  # after learning, before it is looked at again


class RunSpec(BaseModel):
    """A run: data, network, chip, noise, learning, seeds. The same spec gives the same bits."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    dataset: str = "digits"
    data_dir: str | None = None
    hidden: Annotated[tuple[Width, ...], Field(max_length=64)] = (128, 64)  # none where teacher.file says the layers
    steps: Annotated[int, Field(ge=2, le=4096)] = 16
    target_bits: TargetBits = 16
    encoding: Encoding = "rate"
    noise: tuple[str, ...] = ()
    die: Seed = 1
    seed: Seed = 1
    chip: PhysicalSpec | None = None  # in physical units; the settings below follow from it where nothing else is said
    neuron: NeuronSpec = NeuronSpec()
    synapse: SynapseSpec = SynapseSpec()
    learning_circuit: LearningCircuitSpec = LearningCircuitSpec()
    teacher: TeacherSpec = TeacherSpec()
    training: TrainingSpec = TrainingSpec()
    in_the_loop: LoopSpec = LoopSpec()
    conversion: ConversionSpec = ConversionSpec()
    offline: OfflineSpec = OfflineSpec()  # of training.method "offline-ltl" and "noise-aware"

    @field_validator("noise")
    @classmethod
    def _readable(cls, noise: tuple[str, ...]) -> tuple[str, ...]:
        parse_all(noise)
        return noise

    @model_validator(mode="after")
    def _method_can(self) -> RunSpec:
        find(self.training.method).check(self)
        return self

    @model_validator(mode="after")
    def _learns(self) -> RunSpec:
        if self.learning_circuit.warm_up_steps >= self.steps:
            raise ValueError(
                f"warm_up_steps {self.learning_circuit.warm_up_steps} leaves no step to learn in: keep it below steps"
                f" ({self.steps})"
            )
        check_devices(parse_all(self.noise), self.learning_circuit)
        if self.teacher.file is None:
            self.check_noise(len(self.hidden) + 1)
        elif self.hidden:
            raise ValueError(
                f"hidden {self.hidden} and teacher.file {self.teacher.file}: the file says the layers; leave one out"
            )
        elif self.teacher.epochs is not None:
            raise ValueError("teacher.epochs and teacher.file: the file's network is trained already; leave one out")
        elif self.teacher.shift_px:
            raise ValueError("teacher.shift_px and teacher.file: the file's network is trained already; leave one out")
        is_nir = self.teacher.file is not None and self.teacher.file.endswith(".nir")
        if not is_nir and (self.teacher.step_s, self.teacher.integration) != (None, None):
            raise ValueError(
                "teacher.step_s and teacher.integration (--dt, --integration) are for a NIR file: leave them out"
            )
        return self

    def check_noise(self, n_layers: int) -> None:
        """Raises ValueError if some noise is of a layer that a network of `n_layers` lacks."""
        for text, noise in zip(self.noise, parse_all(self.noise), strict=True):
            if noise.layer is not None and noise.layer > n_layers:
                raise ValueError(f"noise {text!r}: there is no layer {noise.layer}; this network has 1 to {n_layers}")

    def chip_spec(self, n_in: int, n_classes: int) -> ChipSpec:
        """With the fully connected layers that `hidden` says."""
        return self.chip_of({"layer_sizes": (n_in, *self.hidden, n_classes)})

    def chip_of(self, layers: Mapping[str, Any]) -> ChipSpec:
        """With these layers, described as in a ChipSpec."""
        return ChipSpec(
            **layers,
            steps=self.steps,
            target_bits=self.target_bits,
            neuron=self.neuron,
            synapse=self.synapse,
            learning_circuit=self.learning_circuit,
            noise=self.noise,
        )

    def to_toml(self) -> str:
        """The spec as a file for ``--config``. Settings left open (None) are left out."""
        return tomli_w.dumps(self.model_dump(mode="json", exclude_none=True), multiline_strings=False)

    def hash(self) -> str:
        """Eight hex digits over everything that decides the results (`data_dir`, `chunk` and a file's place do not)."""
        return hash_of(self.model_dump(mode="json"))


def hash_of(settings: Mapping[str, Any]) -> str:
    """`RunSpec.hash` of a spec's settings as JSON values."""
    facts = {name: value for name, value in settings.items() if name != "data_dir"}
    facts["teacher"] = {name: value for name, value in settings["teacher"].items() if name != "file"}
    facts["training"] = {name: value for name, value in settings["training"].items() if name != "chunk"}
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:8]


def resolve(config: Path | None, overrides: Mapping[str, Any]) -> RunSpec:
    """The spec from a TOML file (if any) and overrides such as ``{"training.epochs": 5}``.

    ``chip`` may be a preset's name, a file, or a chip's tables; what it says gives way to any other setting, and the
    defaults give way to it. Raises SettingError, ChipError.
    """
    return spec_of(read_settings(config, overrides), config)


def read_settings(config: Path | None, overrides: Mapping[str, Any]) -> dict[str, Any]:
    """What the file (if any) and the overrides say, defaults not filled in. Raises SettingError, ChipError."""
    text = _read(config) if config is not None else ""
    return _merged(_parsed(text, config), overrides, str(config), text)


def merge(settings: Mapping[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    """`settings` with overrides such as ``{"training.epochs": 5}`` put in. Raises SettingError, ChipError."""
    return _merged(deepcopy(dict(settings)), overrides, "chip", "")


def spec_of(settings: Mapping[str, Any], config: Path | None = None) -> RunSpec:
    """The spec with these settings, the others as the chip says, else at what suits the data set.

    `config` is named in errors. Raises SettingError, ChipError.
    """
    filled: dict[str, Any] = deepcopy(dict(settings))
    for path, value in ChipSetting(filled, "chip", "").settings().items():
        _put_default(filled, path, value)
    dataset = filled.get("dataset", "digits")
    from_file = _names_teacher(filled)
    if from_file:
        filled.setdefault("hidden", ())
    for key, value in _DATASET_DEFAULTS.get(dataset if isinstance(dataset, str) else "", {}).items():
        if not (from_file and key.startswith("teacher.")):  # that is how one is trained here
            _put_default(filled, key, value)
    circuit, steps = filled.setdefault("learning_circuit", {}), filled.get("steps", 16)
    if isinstance(circuit, dict):
        with contextlib.suppress(TypeError, ValueError, OverflowError):  # steps that are no number are refused below
            n_steps = int(steps)
            learned_in = _STEPS_LEARNED_IN.get(dataset, n_steps - n_steps // 2)
            circuit.setdefault("warm_up_steps", n_steps - learned_in)
    try:
        return RunSpec.model_validate(filled)
    except ValidationError as error:
        raise SettingError(_one_line(error, config)) from None


def _merged(settings: dict[str, Any], overrides: Mapping[str, Any], source: str, text: str) -> dict[str, Any]:
    """`settings`, read from the `text` of `source`, with the overrides put in and a chip that is known to be one."""
    chip = ChipSetting(settings, source, text)
    if "teacher.file" in overrides and isinstance(settings.get("teacher"), dict):
        settings["teacher"].pop("digest", None)  # of another file
    if any(path.split(".")[0] == "chip" for path in overrides):
        chip.release()
    for path, value in overrides.items():
        _put(settings, path, deepcopy(value))
        chip.changed(path)
    chip.settings()
    return settings


def _names_teacher(settings: dict[str, Any]) -> bool:
    """Whether the teacher is read from a file: its place is then made absolute, its digest put in, and what follows."""
    teacher = settings.get("teacher")
    if not isinstance(teacher, dict) or not isinstance(teacher.get("file"), str):
        return False
    from host.teachers.files import check_kind, digest_of, neuron_settings

    path = Path(teacher["file"]).expanduser().absolute()
    check_kind(path)
    teacher["file"] = str(path)
    if teacher.get("digest") is None:
        teacher["digest"] = digest_of(path)
    neuron = settings.setdefault("neuron", {})
    if isinstance(neuron, dict):
        with contextlib.suppress(ValidationError):  # refused below, by its full name
            for name, value in neuron_settings(path, teacher, neuron).items():
                neuron.setdefault(name, value)
    return True


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise SettingError(f"config {path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise SettingError(f"config {path} is not TOML: {error}") from None


def _parsed(text: str, path: Path | None) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingError(f"config {path} is not TOML: {error}") from None


def _put(settings: dict[str, Any], path: str, value: Any) -> None:
    *tables, key = path.split(".")
    for table in tables:
        settings = settings.setdefault(table, {})
        if not isinstance(settings, dict):
            raise SettingError(f"{path}: {table} is not a table in the config file")
    settings[key] = value


def _put_default(settings: dict[str, Any], path: str, value: Any) -> None:
    *tables, key = path.split(".")
    for table in tables:
        settings = settings.setdefault(table, {})
        if not isinstance(settings, dict):
            return  # refused below, with the rest of what is wrong
    settings.setdefault(key, value)


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
