"""The command line. Heavy imports wait inside the commands, so that help answers at once."""

from __future__ import annotations

import errno
import os
import shlex
import sys
from pathlib import Path
from typing import Any

import click

from host.cli.bench import bench
from host.cli.check import check
from host.cli.chip_location import ChipPlace, chip_options, chip_source
from host.cli.compare import compare, methods
from host.cli.ctrl_c import keep_interrupts
from host.cli.die_yield import yield_
from host.cli.limit import limit
from host.cli.nir import nir
from host.cli.options import one_line_errors, run_options, usable_cores
from host.cli.report import report as report_command
from host.cli.sensitivity import sensitivity
from host.cli.serve import keygen, serve
from host.cli.spec import place, spec
from host.cli.sweep import sweep
from host.cli.teacher import teacher
from host.cli.trace import trace


def main() -> None:
    """Entry point: every mistake of the user's ends in one line on stderr and exit status 2."""
    keep_interrupts()
    try:
        status = cli.main(standalone_mode=False)
        sys.stdout.flush()
        sys.exit(status if isinstance(status, int) else 0)
    except click.exceptions.NoArgsIsHelpError as error:
        print(error.format_message(), file=sys.stderr)
        sys.exit(2)
    except click.exceptions.Abort:
        _fail("interrupted", 130)
    except click.ClickException as error:
        _fail(" ".join(error.format_message().split()), 2)
    except OSError as error:
        # What could not be written must not be tried again when Python closes its files.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):  # the reader, such as head, has seen enough
            sys.exit(0)
        _fail(f"cannot read or write {error.filename or 'the output'}: {error.strerror}", 2)


def _fail(message: str, status: int) -> None:
    print(f"chipsim: {message}", file=sys.stderr)
    sys.exit(status)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="chipsim", message="chipsim %(version)s")
def cli() -> None:
    """Simulate a mixed-signal chip that learns on chip, and see what its imperfections do to it."""


@cli.command()
@run_options
@click.option("--threads", type=click.IntRange(1, 256), help="Changes the speed, no result.  [default: all cores]")
@click.option("--out", type=click.Path(path_type=Path), help="Run folder.  [default: runs/<date>-<hash>]")
@click.option("--resume", type=click.Path(path_type=Path), help="Continue the run in this folder.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
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

    from host.cli.text.run import Console, report
    from host.errors import LinkError
    from host.run.folder import RunFolder
    from host.run.run_die import run as run_spec
    from host.settings.spec import RunSpec, resolve

    folder: RunFolder | None = None

    def make_folder(spec: RunSpec) -> RunFolder:
        nonlocal folder
        folder = RunFolder.create(spec, out)
        return folder

    if resume is not None:
        folder, spec = RunFolder.open(resume)
        folder.clear()
    else:
        spec = resolve(config, overrides)
        if out is not None:  # before the teacher is trained
            RunFolder.check(out)
    console = Console()
    try:
        with chip_source(place, threads, spec.chip) as source, console:
            outcome = run_spec(spec, threads, folder or make_folder, console, source)
            console.stage("drawing")
            from host.plots.run_plots import save_plots
            from host.plots.timeline_plot import save_timeline

            assert folder is not None, "run() makes the folder"
            if place.timeline and source.timeline is not None:  # before the pictures ask the chip for more
                save_timeline(source.timeline, outcome.summary["link"]["chip"], folder.path)
            save_plots(outcome, folder.path)
    except KeyboardInterrupt:
        hint = f"; continue with: chipsim run --resume {shlex.quote(str(folder.path))}{place.flags()}" if folder else ""
        _fail(f"interrupted{hint}", 130)
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


@cli.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
def noise(as_json: bool) -> None:
    """List the nonidealities: what each level means, its unit, distribution, sites and source."""
    with one_line_errors():
        from host.cli.text.catalogue import noise_json, noise_text

        click.echo(noise_json() if as_json else noise_text())


@cli.command()
@click.option("--data-dir", help="Where data sets are looked for, before CHIPSIM_DATA.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
def data(data_dir: str | None, as_json: bool) -> None:
    """List the data sets: which are there, where each was looked for, how to get one."""
    with one_line_errors():
        from host.cli.text.catalogue import data_json, data_text

        click.echo(data_json(data_dir) if as_json else data_text(data_dir))


for command in (
    *(spec, place, check, trace, sweep, yield_, limit, sensitivity, report_command),
    *(bench, teacher, nir, serve, keygen, compare, methods),
):
    cli.add_command(command)
