"""Options of an effect that are more than numbers: a pydantic model of them, filled from what a user wrote."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import PydanticUndefined

from nonideality.near import did_you_mean
from nonideality.noise_error import NoiseError


def meanings_of(model: type[BaseModel]) -> dict[str, str]:
    """Key -> meaning, for the catalogue: a field's description, and what it is if it is not given."""
    found = {}
    for name, option in model.model_fields.items():
        about = option.description or str(getattr(option.annotation, "__name__", option.annotation))
        if option.is_required():
            about += "; must be given"
        elif option.default not in (PydanticUndefined, None):
            about += f"; {option.default} if not given"
        found[name] = about
    return found


def chosen_of(effect: str, model: type[BaseModel], given: Mapping[str, Any]) -> BaseModel:
    """The options of `effect` as a user gave them: text, as on a command line, or values. Raises NoiseError.

    Text that begins with a quote, a bracket or a brace is JSON; other text is so where it is nothing else to its field.
    """
    unknown = [key for key in given if key not in model.model_fields]
    if unknown:
        hint = did_you_mean(unknown[0], model.model_fields)
        raise NoiseError(
            f"{effect}: there is no option {unknown[0]!r}: {hint}choose from {', '.join(model.model_fields)}"
        )
    values = {key: _json(value) if _begins_as_json(value) else value for key, value in given.items()}
    try:
        return model.model_validate(values)
    except ValidationError as error:
        refused = {each["loc"][0] for each in error.errors() if each["loc"]}
        read = {key: _json(value) if key in refused else value for key, value in values.items()}
        try:
            return model.model_validate(read)
        except ValidationError:
            raise NoiseError(_one_line(effect, model, error, given)) from None


def _begins_as_json(value: Any) -> bool:
    return isinstance(value, str) and value[:1] in ('"', "[", "{")


def _json(value: Any) -> Any:
    """`value` read as JSON, if it is such text."""
    try:
        return json.loads(value)
    except (TypeError, ValueError, RecursionError):
        return value


def _one_line(effect: str, model: type[BaseModel], error: ValidationError, given: Mapping[str, Any]) -> str:
    """The first thing wrong, with its name, its value, the rule, and what the option means."""
    first = error.errors()[0]
    message = first["msg"].removeprefix("Value error, ")
    key = str(first["loc"][0]) if first["loc"] else ""
    if key not in model.model_fields:
        return " ".join(f"{effect}: {message}".split())
    about = model.model_fields[key].description
    meaning = f" ({about})" if about else ""
    if first["type"] == "missing" and len(first["loc"]) == 1:
        return f"{effect}: option {key} is missing{meaning}: add ,{key}=VALUE"
    value = repr(str(given[key])) if key in given else "by default"
    return " ".join(f"{effect}: option {key} {value}: {message[0].lower()}{message[1:]}{meaning}".split())
