"""A sensitivity study on a database: what is stored is not simulated again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from host.run import merge, read_settings, spec_of
from host.studies.imperfection import imperfection
from host.studies.sensitivity import Accuracy, Answer, Study
from host.studies.simulate import refuse_failures, simulate
from host.sweep import Row, SweepStore, local_workers, tasks_of
from host.terminal import Console


def study_of(config: Path | None, overrides: Mapping[str, Any], n_dies: int, samples: int) -> Study:
    """The study that a command line describes. Raises SettingError or NoiseError."""
    settings = read_settings(config, overrides)
    given = settings["noise"] if "noise" in settings else spec_of(settings, config).noise
    worst = [entry.text(entry.severe) for entry in map(imperfection, given)]
    base = spec_of(merge(settings, {"noise": worst}), config)  # refuses a layer that is not there
    return Study.of(base.model_copy(update={"noise": ()}), given, n_dies, samples)


def answered(
    study: Study, database: Path, workers: int, console: Console, mix_versions: bool = False
) -> tuple[str, Answer]:
    """The id of the study's sweep, and the answer. Raises SweepError if a chip cannot be simulated."""
    plan = study.plan()
    tasks = [task for _, spec in plan for task in tasks_of(spec, [spec.die])]
    with SweepStore.create(database, mix_versions) as store, local_workers(workers) as processes:
        sweep = store.add_sweep(
            study.key, study.request(), ((point, task) for (point, _), task in zip(plan, tasks, strict=True))
        )
        rows = simulate([spec for _, spec in plan], store, processes, console, "chips")
    return sweep, study.answer(accuracies(rows))


def accuracies(rows: Sequence[Row]) -> list[Accuracy]:
    """What the tasks of a study found, in the order of its plan. Raises SweepError if one has found nothing."""
    refuse_failures(rows)
    found = []
    for row in rows:
        assert row.ideal is not None and row.before is not None and row.after is not None, "the task is done"
        found.append(Accuracy(row.ideal, row.before, row.after))
    return found
