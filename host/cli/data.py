"""chipsim data: which data sets there are, and getting their files."""

from __future__ import annotations

import click

from host.cli.groups import OUTPUT, RUNNING, CommandWithMore, GroupedCommand, option, refuse_options_before
from host.cli.options import json_option, one_line_errors
from host.cli.run_options import setting_option
from host.terminal import for_terminal


@click.group(cls=CommandWithMore, invoke_without_command=True, subcommand_metavar="[get ...]")
@setting_option("data_dir")
@json_option
@click.pass_context
def data(context: click.Context, data_dir: str | None, as_json: bool) -> None:
    """List the data sets: which are there, where each was looked for, how to get one."""
    if context.invoked_subcommand is not None:
        refuse_options_before(context)
        return
    with one_line_errors():
        from host.cli.text import data_json, data_text

        click.echo(data_json(data_dir) if as_json else for_terminal(data_text(data_dir)))


@data.command("get", cls=GroupedCommand)
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@setting_option("data_dir")
@option("--mirror", "mirrors", multiple=True, metavar="URL", group="Data", help="A folder to ask first, repeatable.")
@option("--offline", is_flag=True, group=RUNNING, help="Ask nobody: say what to put where, and use what is there.")
@option("--quiet", is_flag=True, group=OUTPUT, help="Show no progress.")
@json_option
def get(
    names: tuple[str, ...], data_dir: str | None, mirrors: tuple[str, ...], offline: bool, quiet: bool, as_json: bool
) -> None:
    """Download data sets to where runs look for them: --data-dir, else CHIPSIM_DATA, else the user's cache.

    \b
    chipsim data get mnist
    chipsim data get cifar10 --data-dir ~/data
    chipsim data get mnist --offline

    Files are held against their SHA-256. What a broken connection has brought is kept: asked again it goes on from
    there.
    """
    import json

    with one_line_errors():
        from host.cli.text import got_json, got_text
        from host.data import DATA_SOURCES
        from host.data import get as get_data
        from host.errors import DataError
        from host.near import did_you_mean
        from host.terminal import Console

        for name in names:
            if not DATA_SOURCES.offers(name):
                known = DATA_SOURCES.names()
                raise DataError(f"unknown data set {name!r}: {did_you_mean(name, known)}choose {', '.join(known)}")
        with Console(quiet or as_json) as console:
            got = [get_data(DATA_SOURCES.make(name), data_dir, mirrors, console.steps, offline) for name in names]
        text = "\n".join(map(got_text, got))
        click.echo(json.dumps({"data": [got_json(each) for each in got]}) if as_json else for_terminal(text))
