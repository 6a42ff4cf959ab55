"""chipsim export: a chip's circuits for designers of silicon."""

from __future__ import annotations

import click

from host.cli.groups import LazyGroup, Where

_COMMANDS = {
    "Circuits": {
        "rtl": Where(
            "export_rtl", "rtl", "Write SystemVerilog of a chip's learning circuits, with a bench and directed vectors."
        ),
        "vectors": Where("export_rtl", "vectors", "Write what a run's neurons saw and did as vectors for the bench."),
        "spice": Where(
            "export_spice",
            "spice",
            "Write a neuron and its synapses as a deck for ngspice, with the voltages that the model expects.",
        ),
    },
}


@click.group(cls=LazyGroup, sections=_COMMANDS)
def export() -> None:
    """Write a chip's circuits for designers of silicon: RTL, vectors, a neuron as a deck for ngspice.

    \b
    chipsim export rtl --chip my.toml -o out
    chipsim export vectors --run runs/latest --neurons 1:0-7 --samples 300 -o out
    chipsim cosim out
    chipsim export spice --chip cmos-180nm --neuron 1:7 -o out
    """
