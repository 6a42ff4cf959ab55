"""The command that runs one task again: `chipsim run` with every setting that is not what it would be anyway."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from typing import Any

import tomli_w

from chipsim.physical import PRESETS, PhysicalSpec, load
from host.run import resolve
from host.settings import FLAGS, RunSpec

# What a setting left out becomes may depend on these, on a later one less than on those before: they come first.
_DECIDE_DEFAULTS = (("chip",), ("dataset",), ("teacher.method", "training.method"), ("steps",))
_LINE_BREAK = re.compile(r"\n *")


def arguments_of(spec: RunSpec) -> list[str]:
    """Arguments of `chipsim run` that resolve to `spec`: flags where there are, ``--set`` for the rest.

    A setting left open (None) stays open: a task's stored spec has none.
    """
    wanted = _settings(spec)
    given: dict[str, Any] = {}
    for names in (*_DECIDE_DEFAULTS, tuple(wanted)):
        default = _settings(resolve(None, given))
        # Younger settings stand in a spec only if they say something.
        given |= {name: wanted[name] for name in names if name in wanted and wanted[name] != default.get(name)}
    arguments: list[str] = []
    for name, value in given.items():
        arguments += _arguments(name, value)
    return arguments


def command_line_of(spec: RunSpec) -> str:
    """One line for a shell; pasted there, it gives the figures of `spec` again."""
    return shlex.join(["chipsim", "run", *arguments_of(spec)])


def _settings(spec: RunSpec) -> dict[str, Any]:
    """All settings by their dotted names, those that a spec leaves out, too; a chip is one, a table of tables."""
    chip = None if spec.chip is None else _table(spec.chip)
    tables = spec.model_dump(mode="json", exclude={"chip"}) | {
        "neuron": spec.neuron.settings(),
        "synapse": spec.synapse.settings(),
        "learning_circuit": spec.learning_circuit.settings(),
        "through_time": spec.through_time.model_dump(mode="json"),
        "stdp": spec.stdp.model_dump(mode="json"),
    }
    return dict(_leaves(tables)) | {"chip": chip, "scale": spec.scale}


def _table(hardware: PhysicalSpec) -> dict[str, Any]:
    return hardware.model_dump(mode="json", exclude_none=True)


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
    if name == "chip":
        preset = next((preset for preset in PRESETS if _table(load(preset)) == value), None)
        return ["--set", f"chip={_inline(value)}"] if preset is None else [f"--chip={preset}"]
    several = isinstance(value, list)
    if name in FLAGS and name != "hidden" and not (several and len(value) == 1):  # which a flag has for all layers
        return [f"{FLAGS[name].name}={','.join(map(str, value)) if several else value}"]
    return ["--set", f"{name}={_inline(value)}"]


def _inline(value: Any) -> str:
    """A value in one line of TOML."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {_inline(each)}" for key, each in value.items()) + "}"
    toml = tomli_w.dumps({"value": value}, multiline_strings=False).removeprefix("value = ")
    return _LINE_BREAK.sub("", toml).rstrip("\n")  # strings escape theirs, so only arrays are broken
