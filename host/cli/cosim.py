"""chipsim cosim: an export's RTL, held against its vectors by the tools that are installed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from host.cli.groups import command, option
from host.cli.options import json_option, one_line_each, one_line_errors, usable_cores, workers_option

_CHECKS = ("lint", "simulate", "altered", "mutate", "synthesise", "prove")


def _chosen(context: click.Context, parameter: click.Parameter, value: str | None) -> tuple[str, ...]:
    names = _CHECKS if value is None else tuple(name.strip() for name in value.split(","))
    for name in names:
        if name not in _CHECKS:
            raise click.BadParameter(f"{name!r} is not one of {', '.join(_CHECKS)}")
    return names


@command()
@click.argument("export", type=click.Path(path_type=Path))
@option("--only", callback=_chosen, help=f"Of {', '.join(_CHECKS)}; some of them, with commas.  [default: all]")
@option(
    "--flips", type=click.IntRange(0, 100_000), default=10, show_default=True, help="Bits turned over, one at a time."
)
@option("--mutants", type=click.IntRange(0, 100_000), default=20, show_default=True, help="Faults drawn at random.")
@option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Of both.")
@option(
    "--cells", type=click.Path(path_type=Path), help="A library's .lib and .v, named without ending.  [default: osu018]"
)
@workers_option
@json_option
def cosim(
    export: Path,
    only: tuple[str, ...],
    flips: int,
    mutants: int,
    seed: int,
    cells: Path | None,
    workers: int | None,
    as_json: bool,
) -> int:
    """Hold an export's RTL against its vectors: lint, simulation, mutants, netlist, proofs.

    Exit status 0 if all that ran has passed, 1 if something has not, or if nothing could be run. Of tools that are
    missing it says what to install.

    \b
    chipsim cosim out
    chipsim cosim out --only simulate,mutate --mutants 100
    """
    with one_line_errors(), one_line_each():
        from host.export.cosim import CELLS, Asked
        from host.export.cosim import cosim as run_checks

        asked = Asked(flips, mutants, seed, workers or usable_cores(), cells or CELLS)
        outcomes: list[Any] = []
        for each in run_checks(export, only, asked):
            outcomes.append(each)
            word = {True: "pass", False: "FAIL", None: "-"}[each.passed]
            click.echo(f"{word:<5} {each.check:<32} {each.told}", err=as_json)
            for line in each.details:
                click.echo(f"      {line}", err=True)
        ran = [each.passed for each in outcomes if each.passed is not None]
        ok = bool(ran) and all(ran)
        if as_json:
            told = [
                {"check": e.check, "passed": e.passed, "told": e.told, "details": list(e.details)} for e in outcomes
            ]
            click.echo(json.dumps({"export": str(export), "ok": ok, "checks": told}))
        elif not ran:
            click.echo("nothing could be run", err=True)
    return 0 if ok else 1
