"""chipsim check: what will sink a chip, said before it is built."""

from __future__ import annotations

from typing import Any

import click

from host.cli.groups import NETWORK, command, option
from host.cli.options import json_option, network_option, one_line_errors
from host.cli.run_options import setting_options


def _rate(context: click.Context, parameter: click.Parameter, value: float | None) -> float | None:
    if value is not None and not 0 < value <= 1:
        raise click.BadParameter(f"{value:g} is no rate: a row carries at most one spike per step; give 0 < rate <= 1")
    return value


@command()
@click.argument("spec")
@network_option("the run's own")
@setting_options("noise", "steps", "encoding", "training.start", shown="the spec's")
@option(
    "--row-rate",
    group=NETWORK,
    type=float,
    callback=_rate,
    help="Spikes per input row and step that are expected.  [default: 0.2]",
)
@json_option
def check(
    spec: str,
    network: tuple[int, ...] | None,
    overrides: dict[str, Any],
    row_rate: float | None,
    as_json: bool,
) -> int:
    """Hold a chip against the design rules; exit status 1 if one is broken badly.

    SPEC is a physical spec's file, a preset, or a run's spec.toml or folder.

    \b
    chipsim check cmos-180nm --network 784,256,10
    chipsim check my.toml --network 784,256,10 --steps 16 --noise thermal:0.2
    chipsim check brainscales2 --network 256,246,10 --encoding log-latency
    chipsim check runs/latest
    """
    with one_line_errors():
        from dataclasses import replace

        from chipsim.design_rules import check as check_design
        from host.cli.text import report_json, show
        from host.run import design_from

        design = design_from(spec, network, overrides)
        if row_rate is not None:
            design = replace(design, row_rate=row_rate)
        findings = check_design(design)
        if as_json:
            click.echo(report_json(spec, design, findings))
        else:
            show(spec, design, findings)
    return 1 if any(finding.severity == "error" for finding in findings) else 0
