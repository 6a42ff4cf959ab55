"""The command line. Heavy imports wait inside the commands, so that help answers at once."""

from __future__ import annotations

import errno
import os
import shlex
import sys
from pathlib import Path
from typing import Any

import click

# Flag -> setting in the run spec (see host.run_spec).
_SETTINGS = {
    "dataset": "dataset",
    "data_dir": "data_dir",
    "hidden": "hidden",
    "steps": "steps",
    "encoding": "encoding",
    "neuron": "neuron.kind",
    "tau": "neuron.tau_steps",
    "reset": "neuron.reset",
    "readout": "neuron.readout",
    "start": "training.start",
    "die": "die",
    "seed": "seed",
    "epochs": "training.epochs",
    "learning_rate": "training.learning_rate",
    "error_gate": "learning_circuit.error_gate",
    "warm_up": "learning_circuit.warm_up_steps",
}


def main() -> None:
    """Entry point: every mistake of the user's ends in one line on stderr and exit status 2."""
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


def _usable_cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="chipsim", message="chipsim %(version)s")
def cli() -> None:
    """Simulate a mixed-signal chip that learns on chip, and see what its imperfections do to it."""


def _widths(context: click.Context, parameter: click.Parameter, value: str | None) -> tuple[int, ...] | None:
    if value is None:
        return None
    try:
        return tuple(int(width) for width in value.split(","))
    except ValueError:
        raise click.BadParameter(f"{value!r} is not a list of layer widths; write for example 128,64") from None


def _counts(context: click.Context, parameter: click.Parameter, value: str) -> tuple[int, ...]:
    counts = value.split(",")
    if not all(count.isdecimal() and 1 <= int(count) <= 256 for count in counts):
        raise click.BadParameter(f"{value!r} is not a list of thread counts from 1 to 256; write for example 1,2")
    return tuple(map(int, counts))


def _assignments(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, Any]:
    import tomllib

    settings: dict[str, Any] = {}
    for text in values:
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise click.BadParameter(f"{text!r} is not KEY=VALUE; write for example neuron.low_rail_th=-1")
        try:
            settings[key.strip()] = tomllib.loads(f"value = {value}")["value"]
        except tomllib.TOMLDecodeError:
            settings[key.strip()] = value.strip()
    return settings


@cli.command()
@click.option("--dataset", help="digits, mnist, yinyang, FILE.npz or FOLDER with idx files.  [default: digits]")
@click.option("--data-dir", help="Where data sets are looked for, before CHIPSIM_DATA.")
@click.option("--hidden", callback=_widths, help="Widths of the hidden layers.  [default: 128,64 for digits]")
@click.option("--steps", type=int, help="Steps of a window.  [default: 16]")
@click.option("--encoding", help="rate, bernoulli, current or latency.  [default: rate]")
@click.option("--neuron", help="if or lif.  [default: if]")
@click.option("--tau", type=float, help="Membrane time constant of a lif neuron in steps.  [default: 10]")
@click.option("--reset", help="subtract or zero.  [default: subtract]")
@click.option("--readout", help="spiking or integrating output neurons.  [default: spiking]")
@click.option("--start", help="teacher or random: the weights programmed.  [default: teacher]")
@click.option("--noise", multiple=True, help="KIND:LEVEL[@SITE][,key=value...], repeatable; 'ideal' for none.")
@click.option("--die", type=int, help="Seed of the die: which errors the fab made.  [default: 1]")
@click.option("--seed", type=int, help="Seed of teacher, split, order and encoding.  [default: 1]")
@click.option("--epochs", type=int, help="Passes over the training data.  [default: by its size]")
@click.option("--learning-rate", type=float, help="At the first sample, falling to 0.  [default: by error gate]")
@click.option("--error-gate", help="linear, sign or ternary.  [default: linear]")
@click.option("--warm-up", type=int, help="Steps without updates in a window.  [default: half the steps]")
@click.option("--set", "assignments", multiple=True, callback=_assignments, help="KEY=VALUE for any setting of a spec.")
@click.option("--config", type=click.Path(path_type=Path), help="TOML file of settings; flags override it.")
@click.option("--threads", type=click.IntRange(1, 256), help="Changes the speed, no result.  [default: all cores]")
@click.option("--out", type=click.Path(path_type=Path), help="Run folder.  [default: runs/<date>-<hash>]")
@click.option("--resume", type=click.Path(path_type=Path), help="Continue the run in this folder.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
def run(
    noise: tuple[str, ...],
    assignments: dict[str, Any],
    config: Path | None,
    threads: int | None,
    out: Path | None,
    resume: Path | None,
    as_json: bool,
    **flags: Any,
) -> None:
    """Fabricate a die, measure it, let it learn on chip, measure it again.

    \b
    chipsim run --noise=mismatch:0.2
    chipsim run --noise=mismatch:0.3 --noise=quantization:4 --steps 8
    chipsim run --dataset mnist --data-dir ~/data --hidden 256 --noise=thermal:0.2
    """
    overrides = {_SETTINGS[name]: value for name, value in flags.items() if value is not None} | assignments
    if noise:
        overrides["noise"] = [] if noise == ("ideal",) else list(noise)
    if resume is not None and (overrides or config or out):
        given = sorted([*overrides, *(["config"] if config else []), *(["out"] if out else [])])
        raise click.UsageError(
            f"--resume continues a run as it was defined; leave out {', '.join(given)} or start a new run"
        )
    with _one_line_errors():
        _run(overrides, config, threads or _usable_cores(), out, resume, as_json)


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


class _one_line_errors:
    """Turns what the packages refuse into one line; a defect of ours keeps its traceback."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if error is None or isinstance(error, click.ClickException):
            return
        from chipsim import ChipError
        from host.errors import HostError
        from nonideality import NoiseError

        if isinstance(error, ChipError | HostError | NoiseError):
            raise click.ClickException(str(error)) from None


@cli.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
def noise(as_json: bool) -> None:
    """List the nonidealities: what each level means, its unit, distribution, sites and source."""
    with _one_line_errors():
        from host.catalogue import noise_json, noise_text

        click.echo(noise_json() if as_json else noise_text())


@cli.command()
@click.option("--data-dir", help="Where data sets are looked for, before CHIPSIM_DATA.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
def data(data_dir: str | None, as_json: bool) -> None:
    """List the data sets: which are there, where each was looked for, how to get one."""
    with _one_line_errors():
        from host.catalogue import data_json, data_text

        click.echo(data_json(data_dir) if as_json else data_text(data_dir))


@cli.command()
@click.option("--threads", default="1,2", callback=_counts, help="Thread counts to measure.  [default: 1,2]")
@click.option("--peer", help="torch: time the same learning in PyTorch, too.")
@click.option("--data-dir", help="Where MNIST is looked for, before CHIPSIM_DATA; without it a likeness is used.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
def bench(threads: tuple[int, ...], peer: str | None, data_dir: str | None, as_json: bool) -> None:
    """Measure speed against this machine's own limit, in the same run: about a minute on an idle machine."""
    import json

    with _one_line_errors():
        from host.bench import run_bench
        from host.console import Console

        with Console() as console:
            result = run_bench(threads, peer, console.steps, data_dir=data_dir)
        click.echo(json.dumps(result.to_json()) if as_json else "\n".join(result.lines()))


if __name__ == "__main__":
    main()
