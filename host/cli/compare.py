"""chipsim compare: training methods side by side on the same dies."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from host.cli.interrupted import interrupted_goes_on
from host.cli.options import one_line_errors, run_options, usable_cores

if TYPE_CHECKING:
    from host.compare.run import Comparison


@click.command()
@run_options
@click.option("--methods", "method_names", help="a,b,c: see chipsim methods.  [default: all of them]")
@click.option("--dies", default="10", show_default=True, help="20 for dies 1 to 20, or which: 5-9 or 1,3,8-12.")
@click.option("--figures", default="cmos-180nm", show_default=True, help="Chip for time and energy if --chip is none.")
@click.option("--workers", type=click.IntRange(1, 1024), help="Processes; changes no result.  [default: all cores]")
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), default="compare", show_default=True,
    help="Folder of database, JSON and pictures.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
def compare(
    overrides: dict[str, Any],
    config: Path | None,
    method_names: str | None,
    dies: str,
    figures: str,
    workers: int | None,
    out: Path,
    as_json: bool,
) -> None:
    """Train the same dies by several methods: accuracy, traffic, writes, host work, time, energy.

    \b
    chipsim compare --methods on-chip-ltl,conversion,offline-ltl --noise mismatch:0.3 --dies 10
    chipsim compare --noise mismatch:0.2 --noise thermal:0.1 --noise quantization:6 --json
    """
    import json

    for flag, name in (("--die", "die"), ("--method", "training.method")):
        if name in overrides:
            raise click.UsageError(f"{flag}: compare takes several, give {flag}s instead")
    with one_line_errors():
        from chipsim.physical import load
        from host.cli.text.run import Console
        from host.compare.run import compare as run_comparison
        from host.compare.simulate import methods
        from host.errors import SweepError
        from host.settings.method_names import MEANING
        from host.settings.spec import read_settings
        from host.sweep import SweepStore, local_workers
        from host.sweep.axes import dies as dies_of

        names = methods(method_names) if method_names is not None else tuple(MEANING)
        chosen, physical = dies_of(dies), load(figures)
        settings = read_settings(config, overrides)
        try:
            out.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SweepError(f"cannot make the folder {out}: {error.strerror}; choose another --out") from None
        database = out / "compare.sqlite"
        with (
            interrupted_goes_on(database),
            local_workers(workers or usable_cores()) as pool,
            SweepStore.create(database) as store,
            Console() as console,
        ):
            found = run_comparison(settings, names, chosen, physical, store, pool, console)
        found.save(out)
        if as_json:
            click.echo(json.dumps(found.to_json()))
        else:
            _tell(found, out)


def _tell(found: Comparison, out: Path) -> None:
    from host.compare.table import HEAD, NOTES, cells, plain_lines
    from host.compare.verdict import verdict

    click.echo(f"{found.title}\n")
    if sys.stdout.isatty():
        from rich.console import Console as RichConsole
        from rich.table import Table

        table = Table(box=None, pad_edge=False)
        for number, name in enumerate(HEAD):
            table.add_column(name, justify="right" if number else "left")
        for each in found.methods:
            table.add_row(*cells(each))
        RichConsole().print(table)
    else:
        click.echo("\n".join(plain_lines(found.methods)))
    click.echo("\n".join(["", *NOTES, "", *verdict(found.methods), f"pictures and figures: {out}"]))


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
def methods(as_json: bool) -> None:
    """List the training methods: how a die comes to its weights."""
    import json

    from host.settings.method_names import MEANING

    width = max(map(len, MEANING))
    lines = [f"{name:<{width}}  {meaning}" for name, meaning in MEANING.items()]
    click.echo(json.dumps(MEANING) if as_json else "\n".join(lines))
