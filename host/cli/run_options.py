"""The flags that define a run, made of the settings' own fields (see host.settings.flags)."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from host.cli.groups import SETTINGS, NearChoice, option
from host.errors import SettingError
from host.settings import FLAGS, FlaggedSetting, flagged, keys_of, value_of

_Command = Callable[..., Any]


def _numbers(context: click.Context, parameter: click.Parameter, value: str | None) -> tuple[int, ...] | None:
    if value is None:
        return None
    try:
        return tuple(int(number) for number in value.split(","))
    except ValueError:
        raise click.BadParameter(f"{value!r} is not a list of whole numbers; write for example 128,64") from None


def _of_layers(context: click.Context, parameter: click.Parameter, value: str | None) -> float | list[float] | None:
    """One number for all layers, or one for each."""
    if value is None:
        return None
    try:
        numbers = [float(number) for number in value.split(",")]
    except ValueError:
        raise click.BadParameter(
            f"{value!r} is neither a number nor one for each layer; write for example 10, or 10,5 for two layers"
        ) from None
    return numbers if len(numbers) > 1 else numbers[0]


def _keys(known: tuple[str, ...]) -> Callable[..., dict[str, Any] | None]:
    def read(context: click.Context, parameter: click.Parameter, text: str | None) -> dict[str, Any] | None:
        try:
            return None if text is None else keys_of(text, known)
        except SettingError as error:
            raise click.BadParameter(str(error)) from None

    return read


def _parameter(setting: str) -> str:
    """The name under which click hands over a setting's value."""
    return FLAGS[setting].name.removeprefix("--").replace("-", "_")


def _checked_type(setting: FlaggedSetting) -> Any:
    if setting.choices and setting.many != "keys":
        return NearChoice(setting.choices)
    if setting.kind is int and (setting.least, setting.most) != (None, None):
        return click.IntRange(setting.least, setting.most)
    return setting.kind


def setting_option(name: str, shown: str | None = None, checked: bool = False, **more: Any) -> Callable[[Any], Any]:
    """The option of the setting `name`.

    shown: the default that the help tells, if it is another one. checked: refuse here what the field would refuse; for
    commands that put no spec together.
    """
    setting = flagged(name)
    kind: dict[str, Any] = {"type": _checked_type(setting) if checked else setting.kind}
    if setting.many == "repeated":
        kind["multiple"] = True
    elif setting.many == "keys":
        kind = {"callback": _keys(setting.choices)}
    elif setting.many:
        kind = {"callback": _of_layers if setting.many == "per layer" else _numbers}
    if setting.choices and setting.many != "keys":
        kind["shell_complete"] = lambda context, parameter, begun: [
            each for each in setting.choices if each.startswith(begun)
        ]
    if shown is None and more.get("default") is not None:
        shown = str(more["default"])
    return option(setting.flag, _parameter(name), group=setting.group, help=setting.help(shown), **kind, **more)


def setting_options(*names: str, shown: str | None = None) -> Callable[[_Command], _Command]:
    """Give a command the flags of these settings; it is called with `overrides` (see host.settings.spec).

    shown: the default that the help tells of each, instead of its own.
    """

    def decorate(command: _Command) -> _Command:
        @functools.wraps(command)
        def with_overrides(**arguments: Any) -> Any:
            given = {name: arguments.pop(_parameter(name)) for name in names}
            overrides = {name: value for name, value in given.items() if value not in (None, ())}
            for name in [name for name, value in overrides.items() if isinstance(value, dict)]:
                overrides |= {f"{name}.{key}": value for key, value in overrides.pop(name).items()}
            if noise := overrides.get("noise"):
                overrides["noise"] = [] if noise == ("ideal",) else list(noise)
            return command(overrides=overrides, **arguments)

        for name in reversed(names):
            with_overrides = setting_option(name, shown)(with_overrides)
        return with_overrides

    return decorate


def _assignments(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, Any]:
    settings: dict[str, Any] = {}
    for text in values:
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise click.BadParameter(f"{text!r} is not KEY=VALUE; write for example neuron.low_rail_th=-1")
        settings[key.strip()] = value_of(value)
    return settings


_ANY_SETTING = (
    option(
        "--set",
        "assignments",
        multiple=True,
        callback=_assignments,
        group=SETTINGS,
        help="KEY=VALUE for any setting of a spec.",
    ),
    option(
        "--config",
        type=click.Path(path_type=Path),
        group=SETTINGS,
        help="TOML file of settings, or a run's folder; flags override.",
    ),
)


def run_options_but(*unflagged: str) -> Callable[[_Command], _Command]:
    """Give a command every flag that defines a run; it is called with `overrides` (see host.settings.spec), `config`.

    unflagged: settings whose flags the command has another meaning for; ``--set`` still sets them.
    """

    def decorate(command: _Command) -> _Command:
        @functools.wraps(command)
        def with_assignments(overrides: dict[str, Any], assignments: dict[str, Any], **arguments: Any) -> Any:
            return command(overrides=overrides | assignments, **arguments)

        for each in reversed(_ANY_SETTING):
            with_assignments = each(with_assignments)
        return setting_options(*(name for name in FLAGS if name not in unflagged))(with_assignments)

    return decorate


run_options = run_options_but()
