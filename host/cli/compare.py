"""chipsim compare: training methods side by side on the same dies."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from host.cli.groups import OUTPUT, command, option
from host.cli.interrupted import interrupted_goes_on
from host.cli.options import json_option, mix_versions_option, one_line_errors, usable_cores, workers_option
from host.cli.run_options import run_options
from host.terminal import for_terminal

if TYPE_CHECKING:
    from host.compare import Comparison


@command()
@run_options
@option("--methods", "method_names", group="Comparison", help="a,b,c: see chipsim methods.  [default: all of them]")
@option(
    "--dies",
    group="Comparison",
    default="10",
    show_default=True,
    help="20 for dies 1 to 20, or which: 5-9 or 1,3,8-12.",
)
@option(
    "--margin",
    group="Comparison",
    default="0.5%",
    show_default=True,
    help="Accuracies that are proven to differ by less are called equal.",
)
@option(
    "--figures",
    group="Comparison",
    default="cmos-180nm",
    show_default=True,
    help="Chip for time and energy if --chip is none.",
)
@workers_option
@mix_versions_option
@option(
    "--out", group=OUTPUT, type=click.Path(path_type=Path, file_okay=False), default="compare", show_default=True,
    help="Folder of database, JSON and pictures.",
)  # fmt: skip
@json_option
def compare(
    overrides: dict[str, Any],
    config: Path | None,
    method_names: str | None,
    dies: str,
    margin: str,
    figures: str,
    workers: int | None,
    mix_versions: bool,
    out: Path,
    as_json: bool,
) -> None:
    """Train the same dies by several methods: accuracy, traffic, writes, host work, time, energy.

    \b
    chipsim compare --methods on-chip-ltl,conversion --noise mismatch:0.3
    chipsim compare --noise mismatch:0.2 --noise quantization:6 --json
    """
    import json

    for flag, name in (("--die", "die"), ("--method", "training.method")):
        if name in overrides:
            raise click.UsageError(f"{flag}: compare takes several, give {flag}s instead")
    with one_line_errors():
        from chipsim.physical import load
        from host.compare import compare as run_comparison
        from host.compare import methods
        from host.errors import SweepError
        from host.run import read_settings
        from host.settings import METHODS
        from host.studies import fraction
        from host.sweep import SweepStore, local_workers
        from host.sweep import dies as dies_of
        from host.terminal import Console

        names = methods(method_names) if method_names is not None else tuple(METHODS)
        chosen, physical, equal = dies_of(dies), load(figures), float(fraction(margin, "--margin"))
        settings = read_settings(config, overrides)
        try:
            out.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SweepError(f"cannot make the folder {out}: {error.strerror}; choose another --out") from None
        database = out / "compare.sqlite"
        with (
            interrupted_goes_on(database),
            local_workers(workers or usable_cores()) as pool,
            SweepStore.create(database, mix_versions) as store,
            Console() as console,
        ):
            found = run_comparison(settings, names, chosen, physical, store, pool, console, margin=equal)
        found.save(out)
        if as_json:
            click.echo(json.dumps(found.to_json()))
        else:
            _tell(found, out)


def _tell(found: Comparison, out: Path) -> None:
    from host.compare import NOTES, plain_lines, unanswered_lines

    methods = found.methods
    lines = [found.title, "", *plain_lines(methods), "", *NOTES, *unanswered_lines(methods), "", *found.verdict()]
    click.echo(for_terminal("\n".join([*lines, f"pictures and figures: {out}"])))
