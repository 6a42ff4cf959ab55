"""chipsim report: a sweep or a run as one HTML page, and a sweep's rows as a table."""

from __future__ import annotations

from pathlib import Path

import click

from host.cli.groups import OUTPUT, command, option
from host.cli.options import good_die_options, json_option, one_line_errors, out_file_option, sweep_id_option
from host.terminal import for_terminal


@command()
@click.argument("source", type=click.Path(path_type=Path))
@out_file_option("The page.  [default: SOURCE.html]")
@good_die_options(within="0.01")
@sweep_id_option
@option("--csv", type=click.Path(path_type=Path), group=OUTPUT, help="Also write the sweep's rows as CSV.")
@option("--parquet", type=click.Path(path_type=Path), group=OUTPUT, help="Also write them as Parquet (extra parquet).")
@json_option
def report(
    source: Path,
    out: Path | None,
    at_least: str | None,
    within: str | None,
    sweep_id: str | None,
    csv: Path | None,
    parquet: Path | None,
    as_json: bool,
) -> None:
    """Write one self-contained HTML page about SOURCE, a sweep's database or a run's folder.

    \b
    chipsim report sweep.sqlite -o report.html
    chipsim report sweep.sqlite --at-least 0.97 --csv rows.csv
    chipsim report runs/latest
    """
    with one_line_errors():
        import json

        from host.report import Written, write_run, write_sweep
        from host.run import run_at

        source = run_at(source)
        written: Written
        if source.is_dir():
            given = {
                "--at-least": at_least,
                "--within": within,
                "--sweep": sweep_id,
                "--csv": csv,
                "--parquet": parquet,
            }
            unfit = [name for name, value in given.items() if value is not None]
            if unfit:
                raise click.UsageError(
                    f"{', '.join(unfit)} {'is' if len(unfit) == 1 else 'are'} for a sweep; {source} is a run folder"
                )
            written = write_run(source, out)
        else:
            written = write_sweep(source, out, at_least, within, sweep_id, csv, parquet)
        click.echo(json.dumps(written.facts) if as_json else for_terminal("\n".join(written.lines)))
