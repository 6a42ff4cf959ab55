"""What there is to choose from: chipsim noise and methods."""

from __future__ import annotations

import click

from host.cli.groups import command
from host.cli.options import json_option, one_line_errors
from host.terminal import for_terminal


@command()
@json_option
def noise(as_json: bool) -> None:
    """List the nonidealities: what each level means, its unit, distribution, sites and source."""
    with one_line_errors():
        from host.cli.text import noise_json, noise_text

        click.echo(noise_json() if as_json else for_terminal(noise_text()))


@command()
@json_option
def methods(as_json: bool) -> None:
    """List the training methods: how a die comes to its weights."""
    with one_line_errors():
        from host.cli.text import methods_json, methods_text

        click.echo(methods_json() if as_json else for_terminal(methods_text()))
