"""Writes what `chipsim report` was asked for: checks the names first, then page and tables, whole or not at all."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from host.errors import SettingError, SweepError
from host.files import write_text
from host.report.export import write_csv, write_parquet
from host.report.question import is_study, levels, question, size
from host.report.run_page import run_page
from host.report.study import StudyPart, study_part
from host.report.sweep_page import Source, sweep_page
from host.studies import Study, criterion
from host.sweep import Sweep, SweepStore
from host.terminal import table

_WITHIN = "0.01"  # of the ideal chip's accuracy, where nothing else is asked for


@dataclass(frozen=True)
class Written:
    """What to tell the user: in lines, and as JSON."""

    lines: list[str]
    facts: dict[str, Any]


def write_sweep(
    source: Path,
    out: Path | None,
    at_least: str | None,
    within: str | None,
    sweep_id: str | None,
    csv: Path | None,
    parquet: Path | None,
) -> Written:
    """Report on a stored sweep. Raises HostError; OSError if a file cannot be written."""
    if at_least is None and within is None:
        within = _WITHIN
    wanted = criterion(at_least, within)
    options = ["--at-least", at_least] if at_least is not None else ["--within", str(within)]
    with SweepStore.open(source) as store:
        sweep, others = _choose(store, sweep_id)
        out = out or source.with_suffix(".html")
        targets = {"report": out, "csv": csv, "parquet": parquet}
        _check(source, targets)
        if sweep_id is not None:
            options += ["--sweep", sweep_id]
        sweep.check_request()
        asked = question(sweep.request, str(source))
        described = Source(str(source), sweep.id, _date(sweep.created), asked, others)
        study = _study(store, sweep, str(source))
        again = [*options, "-o", str(out)]
        page, population = sweep_page(described, store.rows(sweep.id), study, wanted, again, store.mixtures())
        write_text(out, page)
        axes = levels(sweep.request)
        if csv is not None:
            write_csv(csv, store.rows(sweep.id), list(axes))
        if parquet is not None:
            write_parquet(parquet, store.rows(sweep.id), axes)
    facts = {name: str(path) for name, path in targets.items() if path is not None}
    tasks = {name: getattr(population, name) for name in ("done", "failed", "lost", "missing")}
    tasks = {name: count for name, count in tasks.items() if count or name != "lost"}
    counts = f"{sweep.id}: {', '.join(f'{count:,} {what}' for what, count in tasks.items())}"
    lines = table([*facts.items(), ("sweep", counts)], align="<")
    return Written(lines, {**facts, "sweep": sweep.id, "tasks": tasks})


def write_run(folder: Path, out: Path | None) -> Written:
    """Report on a run's folder. Raises HostError; OSError if the page cannot be written."""
    out = out or folder / "report.html"
    _check(folder, {"report": out})
    write_text(out, run_page(folder))
    return Written([f"report   {out}"], {"report": str(out)})


def _choose(store: SweepStore, sweep_id: str | None) -> tuple[Sweep, int]:
    """The sweep to report on, and how many others there are."""
    sweeps = store.sweeps()
    if not sweeps:
        raise SettingError(f"{store.path} holds no sweep yet: run chipsim sweep --out {store.path}")
    if sweep_id is None:  # the largest grid, of equals the latest: a search for a limit leaves many small ones
        for sweep in sweeps:
            sweep.check_request()
        return max(reversed(sweeps), key=lambda sweep: size(sweep.request)), len(sweeps) - 1
    try:
        wanted = store.id_of(sweep_id)
    except SweepError as error:
        raise SettingError(f"--sweep {sweep_id}: {error}") from None
    return next(sweep for sweep in sweeps if sweep.id == wanted), len(sweeps) - 1


def _study(store: SweepStore, sweep: Sweep, source: str) -> StudyPart | None:
    """The sensitivity study to show: the sweep itself if it is one, otherwise the latest in the file."""
    studies = [each for each in store.sweeps() if is_study(each.request)]
    chosen = sweep if is_study(sweep.request) else studies[-1] if studies else None
    if chosen is None:
        return None
    chosen.check_request()
    asked = question(chosen.request, source)
    return study_part(chosen.id, asked, Study.from_request(chosen.request), store.rows(chosen.id))


def _date(created: str) -> str:
    return f"{datetime.fromisoformat(created).astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _check(source: Path, targets: dict[str, Path | None]) -> None:
    """Refuse a name that cannot be written, that is the source's, or that is given twice, before anything is done."""
    place = os.path.realpath(source)
    # SQLite keeps what is not yet in the database in files beside it.
    taken = {place + ending: "the database itself" for ending in ("", "-wal", "-shm")}
    for name, path in targets.items():
        if path is None:
            continue
        if path.exists() and not path.is_file():
            what = "a folder: name a file in it" if path.is_dir() else "no file that can be replaced: name another"
            raise SettingError(f"{name} {path} is {what}")
        if not path.parent.is_dir():
            raise SettingError(f"{name} {path}: there is no folder {path.parent}; make it or name another file")
        place = os.path.realpath(path)
        if place in taken:
            raise SettingError(f"{name} {path} is {taken[place]}: name another file")
        taken[place] = f"the {name}, too"
