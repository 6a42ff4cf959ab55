"""Reads a chip: a preset by its name, or a TOML file. What is wrong is said in one line, with its line number."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from pydantic import BaseModel, ValidationError

from chipsim.design import ChipError
from chipsim.physical.derive import derive
from chipsim.physical.spec import PhysicalSpec
from chipsim.physical.toml_lines import key_lines, line_of
from chipsim.reading import NoTextError, TomlError, UnreadableError, parse_toml, read_text

PRESETS = ("ideal", "brainscales2", "rram", "cmos-180nm")

_LONGEST = 60

Lines = Mapping[tuple[str, ...], int]


def preset_text(name: str) -> str:
    """The TOML of a preset, comments and all. `name` is one of PRESETS."""
    return files("chipsim.physical").joinpath("presets", f"{name}.toml").read_text(encoding="utf-8")


def summary(name: str) -> str:
    """What a preset is, in one line: the first comment of its file."""
    return preset_text(name).partition("\n")[0].removeprefix("# ")


def source_text(source: str) -> str:
    """The TOML of a preset or of a file; a preset's name wins, ./NAME is always a file. Raises ChipError."""
    if source in PRESETS:
        return preset_text(source)
    try:
        return read_text(source)
    except NoTextError as error:
        raise ChipError(f"chip {source!r} is not a text file: {error}") from None
    except UnreadableError as error:
        near = difflib.get_close_matches(source, PRESETS, 1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise ChipError(
            f"chip {source!r} is no preset and cannot be read as a file ({error}): {hint}give a TOML file or"
            f" one of {', '.join(PRESETS)}"
        ) from None


def load_table(source: str) -> tuple[dict[str, Any], dict[tuple[str, ...], int]]:
    """The tables of a preset or file, not validated, and where each key stands. Raises ChipError."""
    text = source_text(source)
    try:
        return parse_toml(text), key_lines(text)
    except TomlError as error:
        raise ChipError(f"chip {source} {error}") from None


def load(source: str) -> PhysicalSpec:
    """The chip from a preset's name or a TOML file. Raises ChipError: ``FILE:LINE: what, why, what to write``."""
    table, lines = load_table(source)
    return validated(table, source, lines)


def validated(table: Mapping[str, Any], source: str, lines: Lines) -> PhysicalSpec:
    """A chip from its tables; `lines` may be empty. Raises ChipError."""
    try:
        spec = PhysicalSpec.model_validate(table)
    except ValidationError as error:
        raise ChipError(_one_line(error, source, lines)) from None
    try:
        derive(spec)
    except ChipError as error:
        raise ChipError(f"{source}: {error}") from None
    return spec


def _one_line(error: ValidationError, source: str, lines: Lines) -> str:
    """The first thing wrong; what the user wrote comes before what is missing, since a misspelt name is both."""
    first: Any = min(error.errors(), key=lambda each: each["type"] == "missing")
    path = tuple(str(part) for part in first["loc"] if not isinstance(part, int))
    message = first["msg"]
    if first["type"] == "contradiction":
        path += tuple(first["ctx"]["field"].split("."))
    elif first["type"] == "extra_forbidden":
        message = _unknown(path)
    elif first["type"] == "missing":
        message = (
            f"{'.'.join(path)} is missing: no figure has a default; 'chipsim spec cmos-180nm' shows where it stands"
        )
    elif first["type"] == "model_type":
        message = f"{'.'.join(path)} = {_short(first['input'])} is not a table: write [{'.'.join(path)}], once"
    else:
        path = _in_model(path)
        message = f"{'.'.join(path)} = {_short(first['input'])}: {message[0].lower()}{message[1:]}"
    line = line_of(path, dict(lines))
    return f"{source}{'' if line is None else f':{line}'}: {message}"


def _table(path: tuple[str, ...]) -> type[BaseModel]:
    """The model of the table that `path` lies in."""
    model: type[BaseModel] = PhysicalSpec
    for name in path[:-1]:
        annotation = model.model_fields[name].annotation
        assert isinstance(annotation, type) and issubclass(annotation, BaseModel), "only tables hold keys"
        model = annotation
    return model


def _in_model(path: tuple[str, ...]) -> tuple[str, ...]:
    """`path` without what pydantic adds for the members of a union."""
    known: Any = PhysicalSpec
    for length, name in enumerate(path):
        if not (isinstance(known, type) and issubclass(known, BaseModel) and name in known.model_fields):
            return path[:length]
        known = known.model_fields[name].annotation
    return path


def _unknown(path: tuple[str, ...]) -> str:
    """An unknown key with the known one that is nearest: the same quantity with its unit comes before the spelling."""
    name, known = path[-1], list(_table(path).model_fields)
    same = [field for field in known if field.startswith(f"{name}_")]
    near = same or difflib.get_close_matches(name, known, 1)
    hint = f"did you mean {near[0]!r}? else " if near else ""
    unit = f"its unit is missing; {hint}" if same else hint
    others = [field for field in known if field not in near[:1]]
    return f"unknown field {'.'.join(path)!r}: {unit}choose from {', '.join(others)}"


def _short(value: Any) -> str:
    """As the user wrote it, or nearly; the beginning of what is long."""
    text = repr(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
