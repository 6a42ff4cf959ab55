"""`chipsim yield`: which fraction of a sweep's dies reaches the wanted accuracy."""

from __future__ import annotations

from pathlib import Path

import click

from host.cli.groups import OUTPUT, command, option
from host.cli.options import good_die_options, json_option, one_line_errors, sweep_id_option
from host.terminal import for_terminal


@command("yield")
@click.argument("database", type=click.Path(path_type=Path))
@good_die_options()
@sweep_id_option
@option("--worst", default=1, type=click.IntRange(min=0), help="Worst dies to list per point.  [default: 1]")
@json_option
@option("--csv", "as_csv", is_flag=True, group=OUTPUT, help="One line per point on stdout, as comma-separated values.")
def yield_(
    database: Path,
    at_least: str | None,
    within: str | None,
    sweep_id: str | None,
    worst: int,
    as_json: bool,
    as_csv: bool,
) -> None:
    """Which fraction of a sweep's dies is good, before and after learning, at each point of it.

    \b
    chipsim yield sweep.sqlite --at-least 0.97
    chipsim yield sweep.sqlite --within 0.01 --worst 3 --json
    """
    if as_json and as_csv:
        raise click.UsageError("--json and --csv both want stdout: leave one out")
    import json

    with one_line_errors():
        from host.errors import SweepError
        from host.studies import YieldReport, criterion, yields
        from host.sweep import SweepStore

        wanted = criterion(at_least, within)
        with SweepStore.open(database) as store:
            sweeps = [sweep.id for sweep in store.sweeps()]
            if not sweeps:
                raise SweepError(f"{database} holds no sweep yet: run chipsim sweep --out {database}")
            chosen = store.id_of(sweep_id or sweeps[-1])
            points = yields(store.rows(chosen), wanted)
            worst_dies = [die for point in points for die in point.worst(worst)]
            specs = [row.run_spec() for row in store.rows_of(die.key for die in worst_dies)]
            mixtures = store.mixtures()
        others = [sweep for sweep in sweeps if sweep != chosen]
        told = YieldReport(chosen, others, wanted, points, list(zip(worst_dies, specs, strict=True)), mixtures)
        if as_json:
            click.echo(json.dumps(told.to_json()))
        elif as_csv:
            click.echo(told.csv(), nl=False)
        else:
            click.echo(for_terminal("\n".join(told.lines())))
