"""chipsim run: one die, before and after it learned."""

from __future__ import annotations

import errno
import json
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from host.cli.chip_location import ChipPlace, chip_options, chip_source
from host.cli.groups import OUTPUT, RUNNING, command, option
from host.cli.options import json_option, mix_versions_option, one_line_errors, threads_option, usable_cores
from host.cli.quick_imports import quick_imports
from host.cli.run_options import run_options
from host.terminal import for_terminal

if TYPE_CHECKING:
    from host.run import ChipSource, Outcome, RunFolder


class _Show(NamedTuple):
    """What is to be seen of a run."""

    as_json: bool
    details: bool
    quiet: bool
    pictures: bool


@command()
@run_options
@threads_option
@option("--out", type=click.Path(path_type=Path), group=OUTPUT, help="Run folder.  [default: runs/<date>-<hash>]")
@option(
    "--resume",
    type=click.Path(path_type=Path),
    group=RUNNING,
    help="Continue the run in this folder; runs/latest: the last one.",
)
@mix_versions_option
@json_option
@option("-v", "--verbose", "details", is_flag=True, group=OUTPUT, help="Also what the noise means, costs, the wire.")
@option("--quiet", is_flag=True, group=OUTPUT, help="No progress on stderr.")
@option("--pictures/--no-pictures", default=True, group=OUTPUT, help="Draw into the run folder.  [default: yes]")
@chip_options
def run(
    overrides: dict[str, Any],
    config: Path | None,
    threads: int | None,
    out: Path | None,
    resume: Path | None,
    mix_versions: bool,
    as_json: bool,
    details: bool,
    quiet: bool,
    pictures: bool,
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
    if mix_versions and resume is None:
        raise click.UsageError("--mix-versions says how to go on with --resume FOLDER: give both, or leave it out")
    with one_line_errors():
        show = _Show(as_json, details, quiet, pictures)
        _run(overrides, config, threads or usable_cores(), out, resume, mix_versions, show, place)


def _run(
    overrides: dict[str, Any],
    config: Path | None,
    threads: int,
    out: Path | None,
    resume: Path | None,
    mix_versions: bool,
    show: _Show,
    place: ChipPlace,
) -> None:
    with quick_imports():
        from host.cli.compile_ahead import compiling_beside
        from host.cli.text import details_text, result_text
        from host.errors import LinkError
        from host.methods import find
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

    def tell(outcome: Outcome) -> None:
        """The result, before anything is drawn."""
        assert folder is not None, "run() makes the folder"
        result, details = result_text(outcome), details_text(outcome)
        folder.save_report(f"{result}\n\n{details}")
        text = f"{result}\n\n{details}" if show.details else result
        click.echo(json.dumps(outcome.summary) if show.as_json else for_terminal(text))
        sys.stdout.flush()

    if resume is not None:
        folder, spec = RunFolder.open(resume, mix_versions)
    else:
        spec = resolve(config, overrides)
        if out is not None:  # before the teacher is trained
            RunFolder.check(out)
    held(compiling_beside(spec))  # before there are threads, and locks, which other processes would hold, too
    if folder is not None:
        held(folder.alone())
    told = False
    try:
        with chip_source(place, threads, spec.chip) as source:
            with Console(show.quiet) as console:
                outcome = run_spec(spec, threads, folder or make_folder, console, source)
            tell(outcome)
            told = True
            if show.pictures and not find(spec.training.method).wants_teacher:
                if not show.quiet:
                    click.echo(f"chipsim: no pictures are drawn of method {spec.training.method} yet", err=True)
            elif show.pictures:
                with Console(show.quiet) as console:
                    console.stage("drawing")
                    _draw(outcome, folder, source if place.timeline else None)
    except KeyboardInterrupt:
        what = "while drawing; the result is safe" if told else ""
        hint = f"; continue with: chipsim run --resume {shlex.quote(str(folder.path))}{place.flags()}" if folder else ""
        click.echo(f"chipsim: interrupted {what}".rstrip() + hint, err=True)
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


def _draw(outcome: Outcome, folder: RunFolder | None, timed: ChipSource | None) -> None:
    """The run's pictures. timed: where the die was, if its timeline is wanted."""
    from host.plots import save_plots, save_timeline

    assert folder is not None, "run() makes the folder"
    if timed is not None and timed.timeline is not None:  # before the pictures ask the chip for more
        save_timeline(timed.timeline, outcome.summary["link"]["chip"], folder.path)
    save_plots(outcome, folder.path)
