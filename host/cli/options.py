"""Options that several commands share but no setting of a run has, and how a mistake becomes one line.

Light, since every command imports it; the flags of a run's settings are in `host.cli.run_options`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import click

from host.cli.groups import NETWORK, OUTPUT, RUNNING, option

_NO_COMPILER = "NUMBA_DISABLE_JIT"


def usable_cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def whole_number(text: str, low: int, high: int) -> int | None:
    """What a text of digits says; None if it is no such text, or out of range. Python reads no number of any length."""
    digits = text.strip().lstrip("0") or "0"
    readable = text.strip().isdecimal() and len(digits) <= len(str(high))
    return int(digits) if readable and low <= int(digits) <= high else None


def layer_sizes(context: click.Context, parameter: click.Parameter, value: str | None) -> tuple[int, ...] | None:
    """Callback of an option such as ``--network 784,256,10``."""
    if value is None:
        return None
    widths = [whole_number(width, 1, 1_000_000) for width in value.split(",")]
    sizes = tuple(width for width in widths if width is not None)
    if len(sizes) < max(2, len(widths)):
        raise click.BadParameter(
            f"{value!r} is not a list of layer widths from 1 to 1000000, inputs first; write for example 784,256,10"
        )
    return sizes


def needs_compiler(context: click.Context, parameter: click.Parameter, value: Any) -> Any:
    """Callback of an option that only commands have in which chips run: a chip is compiled, or is none."""
    with suppress(ValueError):  # what is no number numba takes as unset
        if int(os.environ.get(_NO_COMPILER) or 0):
            raise click.UsageError(
                f"{_NO_COMPILER}={os.environ[_NO_COMPILER]} is set, and a chip's kernels run as machine code alone:"
                f" unset {_NO_COMPILER}"
            )
    return value


json_option = option("--json", "as_json", is_flag=True, group=OUTPUT, help="One JSON object on stdout.")
threads_option = option(
    "--threads",
    type=click.IntRange(1, 256),
    callback=needs_compiler,
    group=RUNNING,
    help="Changes the speed, no result.  [default: all cores]",
)
workers_option = option(
    "--workers",
    type=click.IntRange(1, 1024),
    callback=needs_compiler,
    group=RUNNING,
    help="Processes; changes no result.  [default: all cores]",
)


def network_option(default: str | None = None) -> Callable[[Any], Any]:
    """default: what the help says."""
    shown = f"  [default: {default}]" if default else ""
    text = f"Widths of all layers, inputs first: 784,256,10.{shown}"
    return option("--network", callback=layer_sizes, group=NETWORK, help=text)


def out_file_option(what: str, **settings: Any) -> Callable[[Any], Any]:
    """-o, for commands that write one file."""
    return option("-o", "--out", type=click.Path(path_type=Path), group=OUTPUT, help=what, **settings)


def database_option(default: str) -> Callable[[Any], Any]:
    """--out of what fills a database."""
    return option(
        "--out",
        default=default,
        type=click.Path(path_type=Path),
        show_default=True,
        group=OUTPUT,
        help="Database; what it holds is used.",
    )


mix_versions_option = option(
    "--mix-versions",
    is_flag=True,
    group=RUNNING,
    help="Go on with what another chipsim, numba or numpy has made; results tell.",
)


def good_die_options(group: str | None = None, within: str | None = None) -> Callable[[Any], Any]:
    """From which accuracy on a die is good. group: heading. within: what the help says of its default."""
    shown = f"  [default: {within}]" if within else ""

    def decorate(command: Any) -> Any:
        for each in (
            option(
                "--within",
                group=group,
                help=f"Or down to this much below the ideal chip's accuracy: 0.01, or 1%.{shown}",
            ),
            option(
                "--at-least", group=group, help="A die is good from this accuracy on: a fraction such as 0.97, or 97%."
            ),
        ):
            command = each(command)
        return command

    return decorate


sweep_id_option = option("--sweep", "sweep_id", help="Which sweep of the database.  [default: the last one begun]")


class one_line_errors:
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


@contextmanager
def one_line_each() -> Iterator[None]:
    """What an export is refused for, a line for each reason, and exit status 2."""
    from host.errors import ExportError

    try:
        yield
    except ExportError as error:
        for reason in error.reasons:
            click.echo(f"chipsim: {reason}", err=True)
        raise SystemExit(2) from None
