"""chipsim nir: dies for other simulators (to run one of theirs: chipsim run --teacher FILE.nir)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from host.cli.options import one_line_errors


@click.command()
@click.argument("run_folder", type=click.Path(path_type=Path))
@click.option("-o", "--out", type=click.Path(path_type=Path), required=True, help="The file; replaced if it is there.")
@click.option("--dt", type=float, required=True, help="Length of a step in seconds.")
@click.option("--integration", type=click.Choice(["euler", "exponential"]), required=True, help="Over a step.")
def nir(run_folder: Path, out: Path, dt: float, integration: Any) -> None:
    """Write the die of a finished run as a NIR file (extra nir), frozen errors included.

    \b
    chipsim nir runs/20261121-0a292fc2 -o die.nir --dt 1e-4 --integration euler
    """
    with one_line_errors():
        from host.errors import TeacherError
        from host.run.kept_die import kept_die
        from host.teachers.nir.write import write_nir

        if not 0 < dt < float("inf"):
            raise TeacherError(f"--dt {dt}: give the length of a step in seconds, above 0")
        die = kept_die(run_folder)
        write_nir(die, out, step_s=dt, integration=integration)
        click.echo(f"{out}: die {die.die_seed}, read it with reset {die.spec.neuron.reset}, dt {dt:g} s, {integration}")
