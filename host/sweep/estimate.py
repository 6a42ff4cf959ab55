"""What a sweep would run, and how long that should take."""

from __future__ import annotations

import time
from dataclasses import replace
from statistics import mean
from typing import Any

from host.run import canonical, run_die
from host.settings import RunSpec
from host.sweep.engine import missing
from host.sweep.request import Request
from host.sweep.store import SweepStore
from host.sweep.tally import name_of
from host.sweep.task import Task
from host.sweep.worker import excerpt, setup_and_reference
from host.training import CHECKS, Setup

_CALIBRATED = 3  # tasks, evenly spread over those that are missing
_FEW, _MORE = 64, 512  # samples of two excerpts: their difference is free of what every start costs


def estimate(request: Request, store: SweepStore | None, workers: int, retry_failed: bool) -> dict[str, Any]:
    """Tasks per point, how many of them are missing, and an estimated time, None if there is nothing to run.

    Raises SettingError or DataError if the request cannot be. Without a stored time the data are loaded, the teacher
    is trained if it is not in the cache, and excerpts of some tasks are timed.
    """
    points: dict[str, dict[str, Any]] = {}
    first: list[Task] = []  # missing task of every point that has a valid spec
    for point, task in request.plan():
        key = canonical(point)
        facts = points.setdefault(key, {"point": point, "name": name_of(point), "dies": 0, "missing": 0})
        facts["dies"] += 1
        if store is None or any(missing([task], store, retry_failed)):
            if facts["missing"] == 0 and task.design is not None:
                first.append(task)
            facts["missing"] += 1
    n_missing = sum(facts["missing"] for facts in points.values())
    seconds, source = _seconds_per_task(first, store) if first else (None, None)
    return {
        "sweep": request.key[:8],
        "tasks": sum(facts["dies"] for facts in points.values()),
        "missing": n_missing,
        "workers": workers,
        "seconds_per_task": seconds,
        "seconds": None if seconds is None else seconds * -(-n_missing // workers),
        "source": source,
        "points": list(points.values()),
    }


def _seconds_per_task(tasks: list[Task], store: SweepStore | None) -> tuple[float, str]:
    stored = store.mean_seconds() if store else None
    if stored is not None:
        return stored, "mean of the stored tasks"
    chosen = tasks[:: -(-len(tasks) // _CALIBRATED)]
    source = f"calibrated just now with excerpts of {len(chosen)} of these tasks"
    return mean(_calibrate(task) for task in chosen), source


def _calibrate(task: Task) -> float:
    assert task.design is not None, "only tasks with a valid spec are timed"
    setup, compared_with = setup_and_reference(task.design, task.data)
    setup = replace(setup, spec=RunSpec.model_validate_json(task.spec))
    run_die(excerpt(setup, 2), compared_with)  # compiles
    times = []
    for n in (_FEW, _MORE):
        part = excerpt(setup, n)
        began = time.perf_counter()
        run_die(part, compared_with)
        times.append((_windows(part), time.perf_counter() - began))
    (few, short), (more, long) = times
    per_window = max(long - short, 0) / max(more - few, 1)
    return short + per_window * (_windows(setup) - few)


def _windows(setup: Setup) -> int:
    """Samples that a run shows to the die: those it learns from, the checks, the test before and after."""
    return setup.presentations + (CHECKS + 1) * len(setup.valid) + 2 * len(setup.dataset.test)
