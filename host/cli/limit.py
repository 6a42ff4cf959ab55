"""`chipsim limit`: how much of one imperfection a design bears."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import click

from host.cli.groups import command, option
from host.cli.interrupted import interrupted_goes_on
from host.cli.options import (
    database_option,
    good_die_options,
    json_option,
    mix_versions_option,
    one_line_errors,
    usable_cores,
    workers_option,
)
from host.cli.run_options import run_options
from host.terminal import for_terminal


def _two_levels(context: click.Context, parameter: click.Parameter, value: str | None) -> tuple[float, float] | None:
    if value is None:
        return None
    try:
        low, high = map(float, value.split(","))
    except ValueError:
        raise click.BadParameter(f"{value!r} is not two numbers; write for example 0,1") from None
    return low, high


_option = partial(option, group="Search")


@command()
@run_options
@_option(
    "--axis",
    "axis_name",
    required=True,
    help="What varies: a noise (mismatch, mismatch@threshold) or a setting (steps).",
)
@_option("--yield", "wanted_yield", default="0.99", help="Wanted fraction of good dies, or 99%.  [default: 0.99]")
@good_die_options("Search")
@_option("--after/--before", default=True, help="Whether learning on chip comes first.  [default: after]")
@_option("--between", callback=_two_levels, help="Levels to search between.  [default: 0,1, or all bits there are]")
@_option("--tolerance", type=float, help="How near the limit is to be told.  [default: a 50th of the range]")
@_option(
    "--dies",
    type=click.IntRange(min=1),
    help="Dies per level at most, from --die on.  [default: twice what a proof takes: 754 for 99%]",
)
@workers_option
@mix_versions_option
@database_option("limit.sqlite")
@json_option
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
    dies: int | None,
    workers: int | None,
    mix_versions: bool,
    out: Path,
    as_json: bool,
) -> None:
    """Find the level of one imperfection up to which enough dies are proven good, by bisection.

    At each level dies are simulated until the wanted yield is proven or disproven, or --dies are used up: undecided.

    \b
    chipsim limit --axis mismatch --yield 0.9 --at-least 0.97
    chipsim limit --axis quantization --between 2,8 --within 0.01
    chipsim limit --axis thermal --at-least 96% --before --out sweep.sqlite
    """
    import json

    with one_line_errors():
        from host.studies import Design, Question, criterion, fraction, level_axis, search, usual_dies
        from host.terminal import Console

        axis = level_axis(axis_name)
        ends = between or axis.ends
        if ends is None:
            raise click.UsageError(f"say between which values of {axis.name} to search: --between LOW,HIGH")
        wanted = fraction(wanted_yield, "--yield")
        question = Question(
            axis=axis.name,
            whole=axis.whole,
            ends=ends,
            tolerance=(ends[1] - ends[0]) / 50 if tolerance is None else tolerance,
            wanted_yield=wanted,
            criterion=criterion(at_least, within),
            moment="after" if after else "before",
            most_dies=dies or usual_dies(wanted),
        )
        design = Design(axis, config, overrides, question.most_dies)
        with interrupted_goes_on(out), Console() as console:
            sweep, found = search(question, design, out, workers or usable_cores(), console, mix_versions)
        click.echo(
            json.dumps({"sweep": sweep, **found.to_json()})
            if as_json
            else for_terminal("\n".join([*found.lines(), f"All levels are sweep {sweep} of {out}."]))
        )
