"""chipsim export: a chip's circuits for designers of silicon."""

from __future__ import annotations

import click

from host.cli.groups import LazyGroup, Where

_COMMANDS = {
    "Circuits": {
        "spice": Where(
            "export_spice",
            "spice",
            "Write a neuron and its synapses as a deck for ngspice, with the voltages that the model expects.",
        ),
    },
}


@click.group(cls=LazyGroup, sections=_COMMANDS)
def export() -> None:
    """Write a chip's circuits for designers of silicon: a neuron as a deck for ngspice.

    \b
    chipsim export spice --chip cmos-180nm --neuron 1:7 -o out
    """
