"""`chipsim sensitivity`: which imperfection costs how much."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from host.cli.interrupted import interrupted_goes_on
from host.cli.options import one_line_errors, run_options, usable_cores


@click.command()
@run_options
@click.option(
    "--dies", default=10, type=click.IntRange(min=1), help="Dies for one at a time, from --die on.  [default: 10]"
)
@click.option("--samples", default=64, type=int, help="Rows of the Sobol design, a power of two.  [default: 64]")
@click.option("--workers", type=click.IntRange(1, 256), help="Processes.  [default: one per core]")
@click.option(
    "--out",
    default="sensitivity.sqlite",
    type=click.Path(path_type=Path),
    help="Database; what it holds is used.  [default: sensitivity.sqlite]",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
def sensitivity(
    overrides: dict[str, Any],
    config: Path | None,
    dies: int,
    samples: int,
    workers: int | None,
    out: Path,
    as_json: bool,
) -> None:
    """Which imperfection costs how much accuracy, before and after learning on chip.

    One at a time: each --noise alone, and all but each. All at once: Sobol indices over the noises whose level is a
    range MILDEST..WORST.

    \b
    chipsim sensitivity --noise mismatch:0..0.5@weight --noise thermal:0..0.3 --noise quantization:8..3
    chipsim sensitivity --noise mismatch:0.3 --noise silencing:0.1 --dies 20
    """
    import json

    with one_line_errors():
        from host.cli.text.run import Console
        from host.studies.sensitivity_run import answered, study_of
        from host.studies.sensitivity_summary import sensitivity_json, sensitivity_lines

        study = study_of(config, overrides, dies, samples)
        with interrupted_goes_on(out), Console() as console:
            sweep, answer = answered(study, out, workers or usable_cores(), console)
        click.echo(
            json.dumps(sensitivity_json(answer, sweep)) if as_json else "\n".join(sensitivity_lines(answer, sweep))
        )
