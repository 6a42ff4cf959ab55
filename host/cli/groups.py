"""Options under headings, commands that are imported when they are asked for, and guesses at misspelt names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from host.cli.quick_imports import quick_imports
from host.near import did_you_mean

# Headings of options that commands share, in the order of the help.
CHIP, DATA, NETWORK, LEARNING = "Chip", "Data", "Network", "Learning"
SETTINGS, RUNNING, OUTPUT = "Any setting", "Running", "Output"
_SHARED = (CHIP, DATA, NETWORK, LEARNING, SETTINGS, RUNNING, OUTPUT)


class GroupedOption(click.Option):
    """An option that stands under the heading `group`; None: under Options, after all others."""

    def __init__(self, *names: Any, group: str | None = None, **settings: Any) -> None:
        super().__init__(*names, **settings)
        self.group = group


def option(*names: str, group: str | None = None, **settings: Any) -> Callable[[Any], Any]:
    """As `click.option`, under the heading `group`."""
    return click.option(*names, cls=GroupedOption, group=group, **settings)


class _Grouped(click.Command):
    """Help that shows options under their headings: the command's own first, then those that commands share."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        groups: dict[str | None, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None and isinstance(parameter, click.Option):
                groups.setdefault(getattr(parameter, "group", None), []).append(record)
        rest = groups.pop(None, [])
        own = [name for name in groups if name not in _SHARED]
        for name in (*own, *(name for name in _SHARED if name in groups)):
            with formatter.section(str(name)):
                formatter.write_dl(groups[name])
        if rest:
            with formatter.section("Options"):
                formatter.write_dl(rest)


class GroupedCommand(_Grouped):
    """A command with its options under headings."""


command = partial(click.command, cls=GroupedCommand)


if TYPE_CHECKING:
    _Choice = click.Choice[str]
else:
    _Choice = click.Choice  # generic from click 8.4 on


class NearChoice(_Choice):
    """One of several words; the nearest is suggested for any other."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if value not in self.choices:
            hint = did_you_mean(value, self.choices)
            self.fail(f"{value!r} is not one of {', '.join(self.choices)}" + (f": {hint}" if hint else ""), param, ctx)
        return super().convert(value, param, ctx)


def whose(context: click.Context) -> str:
    """Beginning of a line, which ``chipsim: `` stands before, on what a command lacks."""
    return f"{context.info_name} has" if context.parent else "there is"


class NearGroup(click.Group):
    """A group that suggests the nearest command for one that it does not have."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        known = self.list_commands(ctx)
        if not ctx.resilient_parsing and not args[0].startswith("-") and args[0] not in known:
            hint = did_you_mean(args[0], known)
            ctx.fail(f"{whose(ctx)} no command {args[0]!r}: {hint}choose from {', '.join(known)}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Each with all of its first line, which click would cut."""
        found = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        lines = [(name, (command.help or "").partition("\n")[0]) for name, command in found if command is not None]
        with formatter.section("Commands"):
            formatter.write_dl(lines)


class CommandWithMore(_Grouped, NearGroup):
    """A command with options of its own, which a few commands belong to besides."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        super().format_options(ctx, formatter)
        self.format_commands(ctx, formatter)


def refuse_options_before(context: click.Context) -> None:
    """For a command with more: its own options mean nothing to those. Raises UsageError."""
    commandline = click.core.ParameterSource.COMMANDLINE
    names = {parameter.name: parameter.opts[0] for parameter in context.command.params}
    given = sorted(names[name] for name in context.params if context.get_parameter_source(name) is commandline)
    if given:
        own, inner = context.info_name, context.invoked_subcommand
        raise click.UsageError(
            f"{own} {inner} takes no option of {own}: leave out {', '.join(given)}, or give it after {inner}"
        )


class Where(NamedTuple):
    """Where a command is, and what the help says of it."""

    module: str  # of host.cli
    attribute: str
    help: str  # the first line of its docstring


class LazyGroup(NearGroup):
    """A group that knows its commands by name and a line of help, and imports one when it is asked for."""

    def __init__(self, *args: Any, sections: Mapping[str, Mapping[str, Where]], **settings: Any) -> None:
        """sections: heading -> name -> command."""
        super().__init__(*args, **settings)
        self.sections = sections
        self._where = {name: where for section in sections.values() for name, where in section.items()}

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self._where)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self._where:
            return None
        module, attribute, _ = self._where[cmd_name]
        with quick_imports():
            found: click.Command = getattr(import_module(f"host.cli.{module}"), attribute)
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        width = max(map(len, self._where))
        for heading, section in self.sections.items():
            with formatter.section(heading):
                formatter.write_dl([(f"{name:<{width}}", where.help) for name, where in section.items()])
