"""chipsim plugins: what other packages offer, and what comes with chipsim."""

from __future__ import annotations

import click

from host.cli.groups import command
from host.cli.options import json_option, one_line_errors
from host.terminal import for_terminal


@command()
@json_option
def plugins(as_json: bool) -> None:
    """List effects, learning rules, neurons, methods, encoders and data sets: of which package, and whether they work.

    Every plug-in is loaded for this; a run loads those that it uses, so that a broken one hurts no other run.
    """
    with one_line_errors():
        from host.cli.text import plugins_json, plugins_text

        click.echo(plugins_json() if as_json else for_terminal(plugins_text()))
