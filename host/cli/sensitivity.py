"""`chipsim sensitivity`: which imperfection costs how much."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from host.cli.groups import command, option
from host.cli.interrupted import interrupted_goes_on
from host.cli.options import (
    database_option,
    json_option,
    mix_versions_option,
    one_line_errors,
    usable_cores,
    workers_option,
)
from host.cli.run_options import run_options
from host.terminal import for_terminal


@command()
@run_options
@option(
    "--dies",
    group="Study",
    default=10,
    type=click.IntRange(min=1),
    help="Dies for one at a time, from --die on.  [default: 10]",
)
@option(
    "--samples", group="Study", default=64, type=int, help="Rows of the Sobol design, a power of two.  [default: 64]"
)
@workers_option
@mix_versions_option
@database_option("sensitivity.sqlite")
@json_option
def sensitivity(
    overrides: dict[str, Any],
    config: Path | None,
    dies: int,
    samples: int,
    workers: int | None,
    mix_versions: bool,
    out: Path,
    as_json: bool,
) -> None:
    """Which imperfection costs how much accuracy, before and after learning on chip.

    One at a time: each --noise alone, and all but each. All at once: Sobol indices over the noises whose level is a
    range MILDEST..WORST.

    \b
    chipsim sensitivity --noise mismatch:0..0.5@weight --noise quantization:8..3
    chipsim sensitivity --noise mismatch:0.3 --noise silencing:0.1 --dies 20
    """
    import json

    with one_line_errors():
        from host.studies import answered, sensitivity_json, sensitivity_lines, study_of
        from host.terminal import Console

        study = study_of(config, overrides, dies, samples)
        with interrupted_goes_on(out), Console() as console:
            sweep, answer = answered(study, out, workers or usable_cores(), console, mix_versions)
        click.echo(
            json.dumps(sensitivity_json(answer, sweep))
            if as_json
            else for_terminal("\n".join(sensitivity_lines(answer, sweep)))
        )
