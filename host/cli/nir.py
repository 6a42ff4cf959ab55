"""chipsim nir: dies for other simulators (to run one of theirs: chipsim run --teacher FILE.nir)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from host.cli.groups import command
from host.cli.options import mix_versions_option, one_line_errors, out_file_option
from host.cli.run_options import setting_option


@command()
@click.argument("run_folder", type=click.Path(path_type=Path))
@out_file_option("The file; replaced if it is there.", required=True)
@setting_option("teacher.step_s", checked=True, required=True)
@setting_option("teacher.integration", checked=True, required=True)
@mix_versions_option
def nir(run_folder: Path, out: Path, dt: float, integration: Any, mix_versions: bool) -> None:
    """Write the die of a finished run as a NIR file (extra nir), frozen errors included.

    \b
    chipsim nir runs/latest -o die.nir --dt 1e-4 --integration euler
    """
    with one_line_errors():
        from host.errors import TeacherError
        from host.run import kept_die
        from host.teachers.nir import write_nir

        if not 0 < dt < float("inf"):
            raise TeacherError(f"--dt {dt}: give the length of a step in seconds, above 0")
        die = kept_die(run_folder, mix_versions)
        write_nir(die, out, step_s=dt, integration=integration)
        click.echo(f"{out}: die {die.die_seed}, read it with reset {die.spec.neuron.reset}, dt {dt:g} s, {integration}")
        if die.spec.windows > 1:
            click.echo(
                f"NIR has no place for windows: reset what you make of it after {die.spec.windows} windows of"
                f" {die.spec.steps} steps, not in between"
            )
