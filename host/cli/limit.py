"""`chipsim limit`: how much of one imperfection a design bears."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from host.cli.interrupted import interrupted_goes_on
from host.cli.options import one_line_errors, run_options, usable_cores


def _two_levels(context: click.Context, parameter: click.Parameter, value: str | None) -> tuple[float, float] | None:
    if value is None:
        return None
    try:
        low, high = map(float, value.split(","))
    except ValueError:
        raise click.BadParameter(f"{value!r} is not two numbers; write for example 0,1") from None
    return low, high


@click.command()
@run_options
@click.option(
    "--axis",
    "axis_name",
    required=True,
    help="What varies: a noise (mismatch, mismatch@threshold) or a setting (steps).",
)
@click.option("--yield", "wanted_yield", default="0.99", help="Wanted fraction of good dies, or 99%.  [default: 0.99]")
@click.option("--at-least", help="A die is good from this accuracy: a fraction such as 0.97, or 97%.")
@click.option("--within", help="A die is good down to this much below the ideal chip's accuracy: 0.01, or 1%.")
@click.option("--after/--before", default=True, help="Whether learning on chip comes first.  [default: after]")
@click.option(
    "--between", callback=_two_levels, help="Levels to search between.  [default: 0,1, or all bits there are]"
)
@click.option("--tolerance", type=float, help="How near the limit is to be told.  [default: a 50th of the range]")
@click.option("--dies", default=20, type=click.IntRange(min=1), help="Dies per level, from --die on.  [default: 20]")
@click.option("--workers", type=click.IntRange(1, 256), help="Processes.  [default: one per core]")
@click.option(
    "--out",
    default="limit.sqlite",
    type=click.Path(path_type=Path),
    help="Database; what it holds is used.  [default: limit.sqlite]",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
def limit(
    overrides: dict[str, Any],
    config: Path | None,
    axis_name: str,
    wanted_yield: str,
    at_least: str | None,
    within: str | None,
    after: bool,
    between: tuple[float, float] | None,
    tolerance: float | None,
    dies: int,
    workers: int | None,
    out: Path,
    as_json: bool,
) -> None:
    """Find the level of one imperfection up to which enough dies are good, by bisection.

    \b
    chipsim limit --axis mismatch --yield 0.99 --at-least 0.97
    chipsim limit --axis quantization --between 2,8 --within 0.01 --noise mismatch:0.2
    chipsim limit --axis thermal --at-least 96% --before --out sweep.sqlite
    """
    import json

    with one_line_errors():
        from host.cli.text.run import Console
        from host.studies.die_yield import criterion, fraction
        from host.studies.level_axis import level_axis
        from host.studies.limit import Question
        from host.studies.limit_run import Design, search

        axis = level_axis(axis_name)
        ends = between or axis.ends
        if ends is None:
            raise click.UsageError(f"say between which values of {axis.name} to search: --between LOW,HIGH")
        question = Question(
            axis=axis.name,
            whole=axis.whole,
            ends=ends,
            tolerance=(ends[1] - ends[0]) / 50 if tolerance is None else tolerance,
            wanted_yield=fraction(wanted_yield, "--yield"),
            criterion=criterion(at_least, within),
            moment="after" if after else "before",
        )
        design = Design(axis, config, overrides, dies)
        with interrupted_goes_on(out), Console() as console:
            sweep, found = search(question, design, out, workers or usable_cores(), console)
        click.echo(
            json.dumps({"sweep": sweep, **found.to_json()})
            if as_json
            else "\n".join([*found.lines(), f"All levels are sweep {sweep} of {out}."])
        )
