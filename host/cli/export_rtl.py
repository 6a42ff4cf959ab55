"""chipsim export rtl, export vectors: SystemVerilog of the learning circuits, and what a bench plays against it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from host.cli.groups import OUTPUT, command, option
from host.cli.options import (
    json_option,
    mix_versions_option,
    network_option,
    one_line_each,
    one_line_errors,
    threads_option,
    usable_cores,
    whole_number,
)
from host.cli.run_options import run_options

_MOST = 10**9  # that a neuron or a sample may be numbered
_out = option(
    "-o",
    "--out",
    type=click.Path(path_type=Path),
    group=OUTPUT,
    required=True,
    help="Folder; an export in it is replaced.",
)


@command()
@run_options
@network_option("the run's own")
@_out
@json_option
def rtl(
    overrides: dict[str, Any], config: Path | None, network: tuple[int, ...] | None, out: Path, as_json: bool
) -> None:
    """Write SystemVerilog of a chip's learning circuits: RTL, bench, directed vectors, registers, constraints, proofs.

    What of the chip is no circuit is refused, a line for each reason. The same chip gives the same bytes.

    \b
    chipsim export rtl --chip my.toml -o out
    chipsim export rtl --config runs/latest -o out
    chipsim export rtl --chip my.toml --network 64,128,10 --set learning_circuit.update_unit=flops -o out
    """
    with one_line_errors(), one_line_each():
        from host.export import check_exportable, parameters_of, write_design
        from host.run import design_of_run, resolve

        design = design_of_run(resolve(config, overrides), network)
        check_exportable(design.chip, design.constant_current)
        parameters = parameters_of(design.chip)
        clock = None if design.physical is None else design.physical.timing.clock_mhz
        files = write_design(out, parameters, clock)
        if as_json:
            click.echo(json.dumps({"folder": str(out), "spec_hash": parameters.hash, "files": sorted(files)}))
        else:
            layers = ", ".join(f"{each.rows} x {each.columns}" for each in parameters.layers)
            click.echo(
                f"{out}: {len(files)} files, spec {parameters.hash[:8]}, arrays {layers}; next: chipsim cosim {out}"
            )


def _neurons(context: click.Context, parameter: click.Parameter, value: str) -> list[tuple[int, int]]:
    """1:0-7,2:3 as (layer, neuron), layers from 1."""
    found: list[tuple[int, int]] = []
    for text in value.split(","):
        layer_text, _, span = text.partition(":")
        first_text, dash, last_text = span.partition("-")
        layer, first = whole_number(layer_text, 0, _MOST), whole_number(first_text, 0, _MOST)
        last = whole_number(last_text, 0, _MOST) if dash else first
        if layer is None or first is None or last is None or last < first or last - first >= 4096:
            raise click.BadParameter(
                f"{text!r} is neither LAYER:NEURON nor LAYER:FIRST-LAST; write for example 1:0-7,2:3"
            )
        found += [(layer, number) for number in range(first, last + 1)]
    return found


@command()
@option(
    "--run", "run_folder", type=click.Path(path_type=Path), required=True, help="A run's folder, such as runs/latest."
)
@option("--neurons", callback=_neurons, required=True, help="LAYER:FIRST-LAST,... such as 1:0-7; layers from 1.")
@option(
    "--samples",
    type=click.IntRange(1, _MOST),
    default=300,
    show_default=True,
    help="The first so many that the run learns from.",
)
@option(
    "--every",
    type=click.Choice(["step", "window", "end"]),
    default="step",
    show_default=True,
    help="When all chosen registers and synapses are compared; strobes, spikes and weights always are.",
)
@option("--name", default="run", show_default=True, help="Of the sets: NAME-LAYER.")
@_out
@threads_option
@mix_versions_option
@json_option
def vectors(
    run_folder: Path,
    neurons: list[tuple[int, int]],
    samples: int,
    every: Any,
    name: str,
    out: Path,
    threads: int | None,
    mix_versions: bool,
    as_json: bool,
) -> None:
    """Write what a run's neurons saw and did as vectors for the bench, a set for each layer.

    The run's die learns its first samples once more. What is expected is what the chip did, held against the circuit in
    plain integers. Where there is no export of this circuit yet, RTL and directed vectors are written as well.

    \b
    chipsim export vectors --run runs/latest --neurons 1:0-7 --samples 300 -o out
    chipsim export vectors --run runs/latest --neurons 1:0-3,2:0-3 --samples 20000 --every end --name long -o out
    """
    with one_line_errors(), one_line_each():
        from host.export import write_run_vectors
        from host.terminal import Console

        with Console() as console:
            told = write_run_vectors(
                run_folder,
                neurons,
                samples,
                every=every,
                name=name,
                out=out,
                threads=threads or usable_cores(),
                mix_versions=mix_versions,
                listener=console,
            )
        if as_json:
            click.echo(json.dumps(told))
        else:
            for each in told["sets"]:
                click.echo(
                    f"{out}/vectors/{each['set']}: layer {each['layer']}, {each['columns']} columns,"
                    f" {each['windows']} windows, {each['open_steps']} updates"
                )
