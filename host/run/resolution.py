"""Puts a run's settings together, once: flags over the file over what a chip, a teacher and the data set say."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from chipsim.design import rule_of
from chipsim.design_rules import try_plugins
from chipsim.reading import NoTextError, TomlError, UnreadableError, expanded, parse_toml, read_text
from host.data import Suited, encoding_named, suited_to
from host.errors import SettingError
from host.methods import TRAINING_METHODS, Method, check_taught, find
from host.near import did_you_mean
from host.run.hardware_setting import HardwareSetting
from host.run.latest import spec_at
from host.settings import METHOD_DEFAULTS, THROUGH_TIME_DEFAULTS, RunSpec, put, put_default
from host.teachers import check_kind, digest_of, has_convolutions, neuron_settings
from learning_circuit import Brings
from nonideality import NoiseError, settled

_KNOWN_TO_ALL = ("if", "lif")  # neurons whose formulas every method has


def resolve(config: Path | None, overrides: Mapping[str, Any]) -> RunSpec:
    """The spec from a TOML file or a run's folder (if any) and overrides such as ``{"training.epochs": 5}``.

    ``chip`` may be a preset's name, a file, or a chip's tables; what it says gives way to any other setting, and the
    defaults give way to it. Raises SettingError, ChipError.
    """
    return spec_of(read_settings(config, overrides), config)


def read_settings(config: Path | None, overrides: Mapping[str, Any]) -> dict[str, Any]:
    """What the file or the run's folder (if any) and the overrides say, defaults not filled in.

    Raises SettingError, ChipError; RunFolderError if runs/latest names a run that is gone.
    """
    config = config and spec_at(config)
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
    training = filled.get("training")
    method = training.get("method") if isinstance(training, dict) else None
    # A method's own circuits come before the chip's, whose file describes none such.
    for path, value in METHOD_DEFAULTS.get(method, {}).items() if isinstance(method, str) else ():
        put_default(filled, path, value)
    for path, value in HardwareSetting(filled, "chip", "").settings().items():
        put_default(filled, path, value)
    _settle_paths(filled)
    dataset = filled.get("dataset", RunSpec.model_fields["dataset"].default)
    from_file = _names_teacher(filled)
    if from_file:
        filled.setdefault("hidden", ())
    if _through_time(filled):
        for key, value in THROUGH_TIME_DEFAULTS.items():
            put_default(filled, key, value)
    convolutional = from_file and has_convolutions(Path(filled["teacher"]["file"]))
    suited = suited_to(dataset, convolutional) if isinstance(dataset, str) else Suited({}, None)
    for key, value in suited.settings.items():
        if not (from_file and key.startswith("teacher.")):  # that is how one is trained here
            put_default(filled, key, value)
    circuit, steps = (
        filled.setdefault("learning_circuit", {}),
        filled.get("steps", RunSpec.model_fields["steps"].default),
    )
    if isinstance(circuit, dict):
        with contextlib.suppress(TypeError, ValueError, OverflowError):  # steps that are no number are refused below
            n_steps = int(steps)
            learned_in = n_steps - n_steps // 2 if suited.steps_learned_in is None else suited.steps_learned_in
            circuit.setdefault("warm_up_steps", n_steps - learned_in)
    try:
        spec = RunSpec.model_validate(filled)
    except ValidationError as error:
        raise SettingError(_one_line(error, config)) from None
    checked_method(spec, config)
    encoding_named(spec.encoding)  # one that cannot be used is refused before a teacher is trained
    try_plugins(spec.neuron, spec.learning_circuit)  # so is another's neuron or rule
    return spec


def checked_method(spec: RunSpec, config: Path | None = None) -> Method:
    """How this run's die is trained. Raises SettingError if the neuron, the encoding or the noise is nothing for it."""
    method = find(spec.training.method)
    if spec.windows > 1:
        _check_sequences(spec, method, config)
    with TRAINING_METHODS.blamed(spec.training.method, "fails"):
        try:
            method.check(spec)
            check_taught(spec)
        except ValueError as error:
            raise SettingError(f"{error}{_where(config)}") from None
    if spec.training.window_steps is not None and not method.learns_in_own_windows:
        raise SettingError(
            f"training.window_steps = {spec.training.window_steps} is of dies that learn by on-chip-ltl, not of method"
            f" {method.name}: leave it out{_where(config)}"
        )
    if not method.any_neuron and spec.neuron.kind not in _KNOWN_TO_ALL:
        raise SettingError(
            f"method {method.name} computes with the formulas of {' and '.join(_KNOWN_TO_ALL)} neurons, not with"
            f" those of {spec.neuron.kind!r}: choose on-chip-ltl{_where(config)}"
        )
    try:
        rule = rule_of(spec.learning_circuit)
    except ValueError as error:
        raise SettingError(f"{error}{_where(config)}") from None
    if method.learns_on_chip and Brings.BROADCAST in rule.brings:
        raise SettingError(
            f"learning rule {spec.learning_circuit.rule!r} listens to a broadcast, which no method brings: give it from"
            f" Python, chip.learn(..., broadcast=){_where(config)}"
        )
    return method


def _check_sequences(spec: RunSpec, method: Method, config: Path | None) -> None:
    """Raises SettingError if nothing can be trained for samples of several windows with these settings."""
    if not method.takes_sequences:
        raise SettingError(
            f"windows = {spec.windows}: method {method.name} trains for single windows; choose through-time, or"
            f" on-chip-ltl with --teacher-method through-time{_where(config)}"
        )
    if spec.teacher.file is not None and spec.teacher.file.endswith(".nir"):
        raise SettingError(
            f"windows = {spec.windows}: a NIR file's neurons are followed in single windows, of which NIR says nothing;"
            f" give an ONNX file, or let a network be trained here{_where(config)}"
        )
    if spec.teacher.method != "through-time":
        raise SettingError(
            f"windows = {spec.windows}: what single windows teach says nothing of sequences; train the teacher through"
            f" time (--teacher-method through-time){_where(config)}"
        )


def _where(config: Path | None) -> str:
    return f" in {config}" if config is not None else ""


def _merged(settings: dict[str, Any], overrides: Mapping[str, Any], source: str, text: str) -> dict[str, Any]:
    """`settings`, read from the `text` of `source`, with the overrides put in and a chip that is known to be one."""
    hardware = HardwareSetting(settings, source, text)
    if "teacher.file" in overrides and isinstance(settings.get("teacher"), dict):
        settings["teacher"].pop("digest", None)  # of another file
    if any(path.split(".")[0] == "chip" for path in overrides):
        hardware.release()
    for path, value in overrides.items():
        put(settings, path, deepcopy(value))
        hardware.changed(path)
    hardware.settings()
    return settings


def _settle_paths(settings: dict[str, Any]) -> None:
    """Makes the paths absolute that effects of other packages take as options."""
    noises = settings.get("noise")
    if isinstance(noises, list | tuple):
        with contextlib.suppress(NoiseError, TypeError):  # refused below, by the setting's name
            settings["noise"] = [settled(text) if isinstance(text, str) else text for text in noises]


def _through_time(settings: dict[str, Any]) -> bool:
    """Whether the teacher is to be trained through time: the method of that name and sequences ask for it."""
    training, teacher, windows = settings.get("training"), settings.get("teacher"), settings.get("windows")
    by_method = isinstance(training, dict) and training.get("method") == "through-time"
    if by_method or (isinstance(windows, int) and windows > 1):
        put_default(settings, "teacher.method", "through-time")
        teacher = settings["teacher"]
    return isinstance(teacher, dict) and teacher.get("method") == "through-time"


def _names_teacher(settings: dict[str, Any]) -> bool:
    """Whether the teacher is read from a file: its place is then made absolute, its digest put in, and what follows."""
    teacher = settings.get("teacher")
    if not isinstance(teacher, dict) or not isinstance(teacher.get("file"), str):
        return False
    try:
        path = expanded(teacher["file"]).absolute()
    except UnreadableError as error:
        raise SettingError(f"teacher {teacher['file']}: {error}") from None
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
        return read_text(path)
    except NoTextError as error:
        raise SettingError(f"config {path} is not TOML: {error}") from None
    except UnreadableError as error:
        raise SettingError(f"config {path} cannot be read: {error}") from None


def _parsed(text: str, path: Path | None) -> dict[str, Any]:
    try:
        return parse_toml(text)
    except TomlError as error:
        raise SettingError(f"config {path} {error}") from None


def _known_keys(path: tuple[str, ...]) -> list[str]:
    model: Any = RunSpec
    for name in path:
        model = model.model_fields[name].annotation if name in model.model_fields else None
        if model is None or not hasattr(model, "model_fields"):
            return []
    return list(model.model_fields)


def _names(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """All settings below a table by their dotted names."""
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _names(field.annotation, f"{prefix}{name}.")
        else:
            yield prefix + name


def _choices(error: Mapping[str, Any]) -> list[str]:
    """What a setting of several words may be, as pydantic says it: ``'if' or 'lif'``."""
    return re.findall(r"'([^']*)'", error["ctx"]["expected"])


def _one_line(error: ValidationError, config: Path | None) -> str:
    """The first thing wrong, with its name, its value, the rule, and what would be valid."""
    first = error.errors()[0]
    path = [str(part) for part in first["loc"] if not isinstance(part, int)]
    name = ".".join(path)
    where = _where(config)
    if first["type"] == "extra_forbidden":
        known = _known_keys(tuple(path[:-1]))
        elsewhere = [repr(each) for each in _names(RunSpec) if each.endswith(f".{path[-1]}")]
        hint = f"did you mean {' or '.join(elsewhere)}? " if elsewhere else did_you_mean(path[-1], known)
        return f"unknown setting {name!r}{where}: {hint}choose from {', '.join(known)}"
    message = first["msg"].removeprefix("Value error, ")
    if not path or first["type"] == "value_error":
        return f"{message}{where}"
    hint = did_you_mean(first["input"], _choices(first)) if first["type"] == "literal_error" else ""
    return f"{name} = {first['input']!r}{where}: {hint}{message[0].lower()}{message[1:]}"
