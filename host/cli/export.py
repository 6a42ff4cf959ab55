"""chipsim export: what other tools read of a chip."""

from __future__ import annotations

import click

from host.cli.export_spice import spice
from host.cli.groups import NearGroup


@click.group(cls=NearGroup)
def export() -> None:
    """Write what other tools read of a chip: a neuron as a deck for ngspice."""


export.add_command(spice)
