"""The command that runs one task again: `chipsim run` with every setting that is not what it would be anyway."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from typing import Any

import tomli_w

from host.cli_options import FLAG_SETTINGS
from host.run_spec import RunSpec, resolve

_FLAGS = {setting: f"--{flag.replace('_', '-')}" for flag, setting in FLAG_SETTINGS.items()}
# What a setting left out becomes may depend on these, on the second less than on the first: they are compared before.
_DECIDE_DEFAULTS = (("dataset",), ("steps",))
_LINE_BREAK = re.compile(r"\n *")


def replay_arguments(spec: RunSpec) -> list[str]:
    """Arguments of `chipsim run` that resolve to `spec`: flags where there are, ``--set`` for the rest.

    A setting left open (None) stays open: a task's stored spec has none.
    """
    wanted = dict(_leaves(spec.model_dump(mode="json")))
    given: dict[str, Any] = {}
    for names in (*_DECIDE_DEFAULTS, tuple(wanted)):
        default = dict(_leaves(resolve(None, given).model_dump(mode="json")))
        given |= {name: wanted[name] for name in names if wanted[name] != default[name]}
    arguments: list[str] = []
    for name, value in given.items():
        arguments += _arguments(name, value)
    return arguments


def replay_command(spec: RunSpec) -> str:
    """One line for a shell; pasted there, it gives the figures of `spec` again."""
    return shlex.join(["chipsim", "run", *replay_arguments(spec)])


def _leaves(settings: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """All settings by their dotted names."""
    for key, value in settings.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{prefix}{key}.")
        else:
            yield prefix + key, value


def _arguments(name: str, value: Any) -> list[str]:
    if name == "noise":
        return [f"--noise={text}" for text in value or ["ideal"]]
    if name == "hidden" and value:
        return [f"--hidden={','.join(map(str, value))}"]
    if name in _FLAGS and name != "hidden":
        return [f"{_FLAGS[name]}={value}"]
    toml = tomli_w.dumps({"value": value}, multiline_strings=False).removeprefix("value = ")
    return ["--set", f"{name}={_LINE_BREAK.sub('', toml)}"]  # strings escape theirs, so only arrays are broken
