"""chipsim run: one die, before and after it learned."""

from __future__ import annotations

import errno
import shlex
import sys
from pathlib import Path
from typing import Any

import click

from host.cli.chip_location import ChipPlace, chip_options, chip_source
from host.cli.groups import OUTPUT, RUNNING, command, option
from host.cli.options import json_option, one_line_errors, threads_option, usable_cores
from host.cli.run_options import run_options


@command()
@run_options
@threads_option
@option("--out", type=click.Path(path_type=Path), group=OUTPUT, help="Run folder.  [default: runs/<date>-<hash>]")
@option("--resume", type=click.Path(path_type=Path), group=RUNNING, help="Continue the run in this folder.")
@json_option
@chip_options
def run(
    overrides: dict[str, Any],
    config: Path | None,
    threads: int | None,
    out: Path | None,
    resume: Path | None,
    as_json: bool,
    place: ChipPlace,
) -> None:
    """Fabricate a die, measure it, let it learn on chip, measure it again.

    \b
    chipsim run --noise=mismatch:0.2
    chipsim run --noise=mismatch:0.3 --noise=quantization:4 --steps 8
    chipsim run --dataset mnist --data-dir ~/data --hidden 256 --noise=thermal:0.2
    """
    if resume is not None and (overrides or config or out):
        given = sorted([*overrides, *(["config"] if config else []), *(["out"] if out else [])])
        raise click.UsageError(
            f"--resume continues a run as it was defined; leave out {', '.join(given)} or start a new run"
        )
    with one_line_errors():
        _run(overrides, config, threads or usable_cores(), out, resume, as_json, place)


def _run(
    overrides: dict[str, Any],
    config: Path | None,
    threads: int,
    out: Path | None,
    resume: Path | None,
    as_json: bool,
    place: ChipPlace,
) -> None:
    import json

    from host.cli.text import report
    from host.errors import LinkError
    from host.run import RunFolder, resolve
    from host.run import run as run_spec
    from host.settings import RunSpec
    from host.terminal import Console

    folder: RunFolder | None = None
    held = click.get_current_context().with_resource  # until the command has ended

    def make_folder(spec: RunSpec) -> RunFolder:
        nonlocal folder
        folder = RunFolder.create(spec, out)
        held(folder.alone())
        return folder

    if resume is not None:
        folder, spec = RunFolder.open(resume)
        held(folder.alone())
    else:
        spec = resolve(config, overrides)
        if out is not None:  # before the teacher is trained
            RunFolder.check(out)
    console = Console()
    try:
        with chip_source(place, threads, spec.chip) as source, console:
            outcome = run_spec(spec, threads, folder or make_folder, console, source)
            console.stage("drawing")
            from host.plots import save_plots, save_timeline

            assert folder is not None, "run() makes the folder"
            if place.timeline and source.timeline is not None:  # before the pictures ask the chip for more
                save_timeline(source.timeline, outcome.summary["link"]["chip"], folder.path)
            save_plots(outcome, folder.path)
    except KeyboardInterrupt:
        hint = f"; continue with: chipsim run --resume {shlex.quote(str(folder.path))}{place.flags()}" if folder else ""
        click.echo(f"chipsim: interrupted{hint}", err=True)
        sys.exit(130)
    except LinkError as error:
        hint = f"; continue with: chipsim run --resume {shlex.quote(str(folder.path))}{place.flags()}" if folder else ""
        raise click.ClickException(f"{error}{hint}") from None
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EIO) and folder:
            raise click.ClickException(
                f"cannot write in {folder.path}: {error.strerror}; make room, then: chipsim run --resume"
                f" {shlex.quote(str(folder.path))}"
            ) from None
        raise
    click.echo(json.dumps(outcome.summary) if as_json else report(outcome))
