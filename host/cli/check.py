"""chipsim check: what will sink a chip, said before it is built."""

from __future__ import annotations

from typing import Any

import click

from host.cli.options import layer_sizes, one_line_errors


def _rate(context: click.Context, parameter: click.Parameter, value: float | None) -> float | None:
    if value is not None and not 0 < value <= 1:
        raise click.BadParameter(f"{value:g} is no rate: a row carries at most one spike per step; give 0 < rate <= 1")
    return value


@click.command()
@click.argument("spec")
@click.option(
    "--network", callback=layer_sizes, help="Layer sizes, inputs first: 784,256,10.  [default: the run's own]"
)
@click.option("--steps", type=click.IntRange(2, 4096), help="Steps of a window.  [default: the spec's, or 16]")
@click.option(
    "--noise", multiple=True, help="KIND:LEVEL[@SITE][,key=value...], repeatable, instead of the spec's; 'ideal': none."
)
@click.option("--encoding", help="rate, bernoulli, current, latency or log-latency.  [default: the spec's, or rate]")
@click.option("--start", type=click.Choice(["teacher", "random"]), help="What the chip learns from.")
@click.option(
    "--row-rate",
    type=float,
    callback=_rate,
    help="Spikes per input row and step that are expected.  [default: 0.2]",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
def check(
    spec: str,
    network: tuple[int, ...] | None,
    steps: int | None,
    noise: tuple[str, ...],
    encoding: str | None,
    start: str | None,
    row_rate: float | None,
    as_json: bool,
) -> int:
    """Hold a chip against the design rules; exit status 1 if one is broken badly.

    SPEC is a physical spec's file, a preset, or a run's spec.toml.

    \b
    chipsim check cmos-180nm --network 784,256,10
    chipsim check my.toml --network 784,256,10 --steps 16 --noise thermal:0.2
    chipsim check brainscales2 --network 256,246,10 --encoding log-latency
    chipsim check runs/20261121-c441e65b/spec.toml
    """
    overrides: dict[str, Any] = {"steps": steps, "encoding": encoding, "training.start": start}
    if noise:
        overrides["noise"] = [] if noise == ("ideal",) else list(noise)
    with one_line_errors():
        from dataclasses import replace

        from chipsim.check import check as check_design
        from host.cli.text.check import report_json, show
        from host.run.checked_design import design_from

        given = {name: value for name, value in overrides.items() if value is not None}
        design = design_from(spec, network, given)
        if row_rate is not None:
            design = replace(design, row_rate=row_rate)
        findings = check_design(design)
        if as_json:
            click.echo(report_json(spec, design, findings))
        else:
            show(spec, design, findings)
    return 1 if any(finding.severity == "error" for finding in findings) else 0
