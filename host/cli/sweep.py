"""chipsim sweep: settings and noise levels as axes, many dies, workers, a database."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from host.cli.groups import OUTPUT, RUNNING, CommandWithMore, GroupedCommand, option, refuse_options_before
from host.cli.options import (
    database_option,
    json_option,
    mix_versions_option,
    one_line_errors,
    usable_cores,
    workers_option,
)
from host.cli.run_options import run_options
from host.terminal import for_terminal

if TYPE_CHECKING:
    from host.sweep import Request, SweepStore

_FAILURES_SHOWN = 5


@click.group(cls=CommandWithMore, invoke_without_command=True, subcommand_metavar="[merge ...]")
@run_options
@option("--axis", "axes", group="Sweep", multiple=True, help="KEY=VALUE,VALUE,... for any setting, repeatable.")
@option("--cross", group="Sweep", is_flag=True, help="All combinations of the axes.  [default: one axis at a time]")
@option("--dies", group="Sweep", help="20 for dies 1 to 20, or which: 5-9 or 1,3,8-12.  [default: --die]")
@workers_option
@option("--dask", group=RUNNING, metavar="ADDRESS", help="Run on the Dask cluster whose scheduler is there.")
@database_option("sweep.sqlite")
@option("--retry-failed", group=RUNNING, is_flag=True, help="Run tasks again that have failed before.")
@mix_versions_option
@option("--plan", "only_plan", group=RUNNING, is_flag=True, help="Say what would run and how long it should take.")
@json_option
@click.pass_context
def sweep(
    context: click.Context,
    overrides: dict[str, Any],
    config: Path | None,
    axes: tuple[str, ...],
    cross: bool,
    dies: str | None,
    workers: int | None,
    dask: str | None,
    out: Path,
    retry_failed: bool,
    mix_versions: bool,
    only_plan: bool,
    as_json: bool,
) -> int | None:
    """Run every point of a grid on many dies; asked again, run only what is missing.

    \b
    chipsim sweep --noise=mismatch:0,0.1,0.2,0.3 --dies 20
    chipsim sweep --noise=mismatch:0.1,0.2 --axis steps=8,16 --cross --dies 10
    chipsim sweep --noise=mismatch:0,0.1,0.2,0.3 --dies 100 --plan

    A noise with several levels is an axis, one with a single level belongs to every point. Exit status 1 if a task
    failed or was lost; the others are run all the same.
    """
    if context.invoked_subcommand is not None:
        refuse_options_before(context)
        return None
    import json

    if dask is not None and workers is not None:
        raise click.UsageError("--workers is for processes on this machine; with --dask the cluster has its own")
    with one_line_errors():
        from host.sweep import idle_noise, request_of

        request = request_of(overrides, config, axes, cross, dies)
        request.check()
        for line in idle_noise(request):
            click.echo(f"chipsim: {line}", err=True)
        count = workers or usable_cores()
        if only_plan:
            plan = _plan(request, out, count, retry_failed)
            click.echo(json.dumps(plan) if as_json else for_terminal("\n".join(_plan_lines(plan))))
            return 0
        report = _run(request, out, count, dask, retry_failed, mix_versions)
        click.echo(json.dumps(report) if as_json else for_terminal("\n".join(_report_lines(report))))
        return 1 if report["failed"] or report["lost"] else 0


@sweep.command(cls=GroupedCommand)
@click.argument("databases", nargs=-1, required=True, type=click.Path(path_type=Path))
@option("-o", "--out", type=click.Path(path_type=Path), required=True, group=OUTPUT, help="The new database.")
@mix_versions_option
@json_option
def merge(databases: tuple[Path, ...], out: Path, mix_versions: bool, as_json: bool) -> None:
    """Put the sweeps and rows of several databases into a new one.

    \b
    chipsim sweep merge here.sqlite there.sqlite --out both.sqlite

    A row that two of them have is stored once. Where they found different things under one key, or were made by other
    versions or other teachers, nothing is merged.
    """
    import json
    from dataclasses import asdict

    with one_line_errors():
        from host.sweep import merge_sweeps

        merged = merge_sweeps(databases, out, mix_versions)
        click.echo(json.dumps({"database": str(out), **asdict(merged)}) if as_json else for_terminal(merged.line(out)))


def _run(
    request: Request, out: Path, count: int, dask: str | None, retry_failed: bool, mix_versions: bool
) -> dict[str, Any]:
    from host import sweep as host_sweep
    from host.sweep import Display

    began = time.monotonic()
    try:
        with (
            host_sweep.dask_workers(dask, mix_versions) if dask else host_sweep.local_workers(count) as workers,
            host_sweep.SweepStore.create(out, mix_versions) as store,
        ):
            with Display(store, request.key) as display:
                name = host_sweep.run_sweep(request, store, workers, display, retry_failed)
            return _report(name, store, display.ran, time.monotonic() - began)
    except KeyboardInterrupt:
        click.echo(f"chipsim: interrupted; what is stored in {out} stays: the same command goes on", err=True)
        sys.exit(130)


def _report(name: str, store: SweepStore, ran: int, seconds: float) -> dict[str, Any]:
    from host.sweep import tallies

    points = list(tallies(store.rows(name)).values())
    in_vain = {status: sum(point.in_vain[status] for point in points) for status in ("failed", "lost")}
    rows = list(store.rows(name)) if any(in_vain.values()) else []
    told = {
        what: [{"task": row.task, "message": row.message} for row in rows if row.status == status]
        for status, what in (("failed", "failures"), ("lost", "losses"))
    }
    return {
        "database": str(store.path),
        "sweep": name,
        "tasks": sum(point.planned for point in points),
        "ran": ran,
        **in_vain,
        "seconds": round(seconds, 2),
        "points": [point.to_json() for point in points],
        **told,
        "doubts": [doubt for point in points for doubt in point.doubts()],
        "mixtures": store.mixtures(),
    }


def _report_lines(report: dict[str, Any]) -> list[str]:
    from host.sweep import point_table

    lines = [
        f"sweep {report['sweep']} in {report['database']}: {report['tasks']:,} tasks, {report['ran']:,} run now in"
        f" {report['seconds']:,.1f} s",
        "",
        *point_table(report["points"]),
    ]
    for said in (report["doubts"], report["mixtures"]):
        lines += ["", *_first(said)] if said else []
    for what, fix in (("failures", "failed; run them again with --retry-failed"), ("losses", _LOST)):
        if entries := report[what]:
            told = [f"  {each['task']}: {each['message']}" for each in entries]
            lines += ["", f"{len(entries):,} tasks {fix}:", *_first(told)]
    return lines


_LOST = "were lost by passing faults of the machine; the same command runs them again"


def _first(lines: list[str]) -> list[str]:
    more = len(lines) - _FAILURES_SHOWN
    return [*lines[:_FAILURES_SHOWN], *([f"  and {more:,} more"] if more > 0 else [])]


def _plan(request: Request, out: Path, workers: int, retry_failed: bool) -> dict[str, Any]:
    from host import sweep
    from host.sweep import estimate

    if not out.exists():
        return {"database": str(out), **estimate(request, None, workers, retry_failed)}
    with sweep.SweepStore.open(out) as store:
        return {"database": str(out), **estimate(request, store, workers, retry_failed)}


def _plan_lines(plan: dict[str, Any]) -> list[str]:
    from host.terminal import table

    rows = [(each["name"], f"{each['dies']:,} dies,", f"{each['missing']:,} to run") for each in plan["points"]]
    lines = [f"{plan['tasks']:,} tasks, {plan['tasks'] - plan['missing']:,} stored in {plan['database']}", ""]
    lines += table(rows, indent=2)
    if plan["seconds"] is not None:
        lines += [
            "",
            f"about {_duration(plan['seconds'])} on {plan['workers']} workers, at {plan['seconds_per_task']:.2f} s per"
            f" task ({plan['source']})",
        ]
    return lines


def _duration(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"
