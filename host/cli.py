"""The command line. Heavy imports wait inside the commands, so that help answers at once."""

from __future__ import annotations

import errno
import os
import shlex
import sys
from pathlib import Path
from typing import Any

import click

from host.cli_check import check
from host.cli_compare import compare, methods
from host.cli_limit import limit
from host.cli_nir import nir
from host.cli_options import one_line_errors, run_options, usable_cores
from host.cli_report import report as report_command
from host.cli_sensitivity import sensitivity
from host.cli_spec import place, spec
from host.cli_sweep import sweep
from host.cli_teacher import teacher
from host.cli_trace import trace
from host.cli_yield import yield_
from host.interrupts import keep_interrupts


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
def run(
    overrides: dict[str, Any],
    config: Path | None,
    threads: int | None,
    out: Path | None,
    resume: Path | None,
    as_json: bool,
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
        _run(overrides, config, threads or usable_cores(), out, resume, as_json)


def _run(
    overrides: dict[str, Any], config: Path | None, threads: int, out: Path | None, resume: Path | None, as_json: bool
) -> None:
    import json

    from host.console import Console, report
    from host.run import run as run_spec
    from host.run_folder import RunFolder
    from host.run_spec import RunSpec, resolve

    folder: RunFolder | None = None

    def make_folder(spec: RunSpec) -> RunFolder:
        nonlocal folder
        folder = RunFolder.create(spec, out)
        return folder

    if resume is not None:
        folder, spec = RunFolder.open(resume)
    else:
        spec = resolve(config, overrides)
    console = Console()
    try:
        with console:
            outcome = run_spec(spec, threads, folder or make_folder, console)
            console.stage("drawing")
            from host.plots import save_plots

            assert folder is not None, "run() makes the folder"
            save_plots(outcome, folder.path)
    except KeyboardInterrupt:
        hint = f"; continue with: chipsim run --resume {shlex.quote(str(folder.path))}" if folder else ""
        _fail(f"interrupted{hint}", 130)
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
        from host.catalogue import noise_json, noise_text

        click.echo(noise_json() if as_json else noise_text())


@cli.command()
@click.option("--data-dir", help="Where data sets are looked for, before CHIPSIM_DATA.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
def data(data_dir: str | None, as_json: bool) -> None:
    """List the data sets: which are there, where each was looked for, how to get one."""
    with one_line_errors():
        from host.catalogue import data_json, data_text

        click.echo(data_json(data_dir) if as_json else data_text(data_dir))


def _counts(context: click.Context, parameter: click.Parameter, value: str) -> tuple[int, ...]:
    counts = value.split(",")
    if not all(count.isdecimal() and 1 <= int(count) <= 256 for count in counts):
        raise click.BadParameter(f"{value!r} is not a list of thread counts from 1 to 256; write for example 1,2")
    return tuple(map(int, counts))


@cli.command()
@click.option("--threads", default="1,2", callback=_counts, help="Thread counts to measure.  [default: 1,2]")
@click.option("--peer", help="torch: time the same learning in PyTorch, too.")
@click.option("--data-dir", help="Where MNIST is looked for, before CHIPSIM_DATA; without it a likeness is used.")
@click.option("--sweep", "of_sweeps", is_flag=True, help="Measure sweeps instead: two workers against two processes.")
@click.option("--brainscales2", "of_brainscales2", is_flag=True, help="Measure BrainScaleS-2's network instead.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
def bench(
    threads: tuple[int, ...],
    peer: str | None,
    data_dir: str | None,
    of_sweeps: bool,
    of_brainscales2: bool,
    as_json: bool,
) -> None:
    """Measure speed against this machine's own limit, in the same run: about a minute on an idle machine."""
    import json

    if of_brainscales2 and (of_sweeps or peer):
        raise click.UsageError("--brainscales2 measures one thing by itself: leave out --sweep and --peer")
    with one_line_errors():
        from host.bench import run_bench
        from host.bench_brainscales2 import run_brainscales2_bench
        from host.bench_sweep import run_sweep_bench
        from host.console import Console

        result: Any
        with Console() as console:
            if of_brainscales2:
                result = run_brainscales2_bench(threads, console.steps, data_dir=data_dir)
            elif of_sweeps:
                result = run_sweep_bench(console.steps)
            else:
                result = run_bench(threads, peer, console.steps, data_dir=data_dir)
        click.echo(json.dumps(result.to_json()) if as_json else "\n".join(result.lines()))


for command in (spec, place, check, trace, sweep, yield_, limit, sensitivity, report_command, teacher, nir):
    cli.add_command(command)


for command in (compare, methods):
    cli.add_command(command)


if __name__ == "__main__":
    main()
