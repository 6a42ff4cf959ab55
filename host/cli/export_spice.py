"""chipsim export spice: a neuron and its synapses as a deck for ngspice, and the deck held against the model."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import click

from host.cli.groups import DATA, OUTPUT, GroupedCommand, NearChoice, option
from host.cli.options import json_option, one_line_errors, threads_option, usable_cores, whole_number
from host.cli.run_options import run_options_but
from host.terminal import for_terminal

_MOST = 10**9
_MOST_WINDOWS = 1000  # of which a deck has a few megabytes


def _place(context: click.Context, parameter: click.Parameter, value: str) -> tuple[int, int]:
    layer, _, number = value.partition(":")
    found = whole_number(layer, 1, _MOST), whole_number(number, 0, _MOST)
    if found[0] is None or found[1] is None:
        raise click.BadParameter(f"{value!r} is not LAYER:NEURON; write for example 1:7 (layers from 1)")
    return found[0], found[1]


@click.command(cls=GroupedCommand)
@run_options_but("neuron.kind", "windows")  # whose flags name the neuron and count samples here
@option("--neuron", group="Deck", default="1:0", callback=_place, help="LAYER:NEURON, layers from 1.  [default: 1:0]")
@option(
    "--windows",
    group="Deck",
    type=click.IntRange(1, _MOST_WINDOWS),
    default=12,
    help="Samples that it is shown, the first of the data.  [default: 12]",
)
@option(
    "--devices",
    group="Deck",
    type=NearChoice(["behavioural", "level1"]),
    default="behavioural",
    help="Formulas, or transistors of level 1.  [default: behavioural]",
)
@option("--after", group="Deck", type=click.IntRange(0, _MOST), default=0, help="Samples learned before.  [default: 0]")
@option(
    "--part", group=DATA, type=NearChoice(["test", "train"]), default="test", help="Of the data set.  [default: test]"
)
@option(
    "--out",
    "-o",
    group=OUTPUT,
    type=click.Path(path_type=Path),
    help="Folder; the deck is in OUT/spice, an older one replaced.",
)
@option(
    "--check",
    group=OUTPUT,
    type=click.Path(path_type=Path),
    help="Only run the deck in this folder, by ngspice, and compare it; exit status 1 if it differs.",
)
@threads_option
@json_option
def spice(
    overrides: dict[str, Any],
    config: Path | None,
    neuron: tuple[int, int],
    windows: int,
    devices: Literal["behavioural", "level1"],
    after: int,
    part: str,
    out: Path | None,
    check: Path | None,
    threads: int | None,
    as_json: bool,
) -> int:
    """Write a neuron and its synapses as a deck for ngspice, with the voltages that the model expects.

    The neuron is one of a die; what differs on it, differs in the deck. A copy of the column in SystemVerilog lies
    beside it. See the README in the folder.

    \b
    chipsim export spice --chip cmos-180nm --neuron 1:7 -o out
    chipsim export spice --chip my.toml --neuron 2:3 --windows 20 --devices level1 -o out
    chipsim export spice --check out
    """
    if (out is None) == (check is None):
        raise click.UsageError("name one folder: --out to write a deck, or --check to compare one")
    with one_line_errors():
        import json

        from host.export.spice import check_place, column_of, deck_files, simulate, write_deck
        from host.run import resolve
        from host.terminal import Console

        if check is not None:
            agrees, lines = simulate(check)
            click.echo(json.dumps({"agrees": agrees, "told": lines}) if as_json else for_terminal("\n".join(lines)))
            return 0 if agrees else 1
        assert out is not None, "one of the two is there"
        check_place(out)
        with Console() as console:
            column = column_of(
                resolve(config, overrides),
                neuron,
                windows,
                part=part,
                after=after,
                threads=threads or usable_cores(),
                listener=console,
            )
            console.stage("writing")
            folder = write_deck(deck_files(column, devices), out)
        assumed = dict(column.schedule.assumed)
        if as_json:
            click.echo(json.dumps({"folder": str(folder), "assumed": assumed, "left_out": list(column.left_out)}))
            return 0
        told = [f"{folder}: {len(column.synapses)} synapses, {windows} windows of {column.steps} steps; see README.md"]
        if assumed:
            figures = ", ".join(f"{name} = {ns:g}" for name, ns in assumed.items())
            told.append(f"assumed, since the chip does not state them: {figures}")
        if column.left_out:
            told.append(f"left out, since it is drawn in every step: {', '.join(column.left_out)}")
        if not column.spike.any():
            told.append("no spike in these windows: comparator and reset are not tried; another --neuron would")
        told.append(f"run it: chipsim export spice --check {out}")
        click.echo(for_terminal("\n".join(told)))
    return 0
