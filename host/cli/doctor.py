"""chipsim doctor: what a bug report needs. Imports nothing that could be broken until it is looked at."""

from __future__ import annotations

import json

import click

from host.cli.groups import command
from host.cli.options import json_option
from host.terminal import for_terminal


@command()
@json_option
def doctor(as_json: bool) -> int:
    """Tell what a bug report needs: versions, caches, data sets found, plug-ins.

    Exit status 1 if something is broken. Nothing leaves this machine; variables that may be secrets are not shown, and
    the home folder is ~.

    \b
    chipsim doctor > report.txt
    chipsim doctor --json
    """
    from host.cli.diagnosis import facts, lines

    found = facts()
    click.echo(json.dumps(found) if as_json else for_terminal("\n".join(lines(found))))
    return 1 if found["problems"] else 0
