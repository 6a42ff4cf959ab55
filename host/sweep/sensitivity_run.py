"""A sensitivity study on a database: what is stored is not simulated again."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from host.console import Console
from host.run_spec import resolve
from host.sweep.ask import ask
from host.sweep.imperfection import imperfection
from host.sweep.sensitivity import Accuracy, Answer, Study
from host.sweep.store import SweepStore, sweep_id


def study_of(config: Path | None, overrides: Mapping[str, Any], n_dies: int, samples: int) -> Study:
    """The study that a command line describes. Raises SettingError or NoiseError."""
    given = overrides["noise"] if "noise" in overrides else resolve(config, overrides).noise
    worst = [entry.text(entry.severe) for entry in map(imperfection, given)]
    base = resolve(config, {**overrides, "noise": worst})  # refuses layers that are not there
    return Study.of(base.model_copy(update={"noise": ()}), given, n_dies, samples)


def answered(study: Study, database: Path, workers: int, console: Console) -> tuple[str, Answer]:
    """The id of the study's sweep, and the answer. Raises SweepError if a chip cannot be simulated."""
    with SweepStore.create(database) as store:
        rows = ask(store, study.request(), study.plan(), workers, console)
    found = [Accuracy(row.ideal, row.before, row.after) for row in rows]
    return sweep_id(study.request()), study.answer(found)
