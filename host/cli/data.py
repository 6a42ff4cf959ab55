"""chipsim data: which data sets there are."""

from __future__ import annotations

import click

from host.cli.groups import command
from host.cli.options import json_option, one_line_errors
from host.cli.run_options import setting_option
from host.terminal import for_terminal


@command()
@setting_option("data_dir")
@json_option
def data(data_dir: str | None, as_json: bool) -> None:
    """List the data sets: which are there, where each was looked for, how to get one."""
    with one_line_errors():
        from host.cli.text import data_json, data_text

        click.echo(data_json(data_dir) if as_json else for_terminal(data_text(data_dir)))
