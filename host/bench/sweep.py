"""How much of two cores a sweep uses, and what the engine costs per task."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from host.bench.reading import Reading
from host.sweep import (
    NullSweepListener,
    Request,
    Result,
    SweepStore,
    Task,
    Timing,
    local_workers,
    missing,
    noise_axis,
    run_task,
    run_tasks,
    set_up_for_workers,
)
from host.terminal import table

_WORKERS = 2
_TASKS = 40
_REPEATS = 2
_NOTHINGS = 500  # tasks that do nothing


@dataclass(frozen=True)
class SweepBench:
    """Wall-clock figures, starting the processes included; the faster of two repeats."""

    tasks: int
    workers: int
    copies_per_s: float  # tasks, by as many plain processes that share the tasks among them, without an engine
    engine_per_s: float
    share: float  # engine / copies
    overhead_ms: float  # per task that does nothing, on one worker: planned, sent, returned, stored
    load: float | None  # running tasks of this machine, mean over the minute before

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    def readings(self) -> list[Reading]:
        """The limit of a sweep is as many plain processes."""
        return [
            Reading(f"{self.workers} plain processes: tasks/s", self.copies_per_s, "tasks/s"),
            Reading(f"{self.workers} workers: tasks/s", self.engine_per_s, "tasks/s", share=self.share),
            Reading("engine's overhead: ms/task", self.overhead_ms, "ms/task", False),
        ]

    def lines(self) -> list[str]:
        return [
            f"sweep of {self.tasks} tasks (digits, mismatch 0.2 and 0.3, twenty dies each), processes' start included"
            + (f"; load before {self.load:.1f}" if self.load is not None else ""),
            *table(
                [
                    (f"{self.workers} plain processes", f"{self.copies_per_s:.2f}", "tasks/s"),
                    (f"{self.workers} workers", f"{self.engine_per_s:.2f}", "tasks/s", f"{self.share:.0%}"),
                    ("engine's overhead", f"{self.overhead_ms:.2f}", "ms per task"),
                ],
                align="<><",
                indent=2,
            ),
        ]


def run_sweep_bench(tick: Callable[[int, int, str], None]) -> SweepBench:
    """Run the same tasks by turns in plain processes and in a sweep; `tick` hears (done, total, what comes next)."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    tasks = [task for _, task in _request(_TASKS).plan()]
    total = 2 * _REPEATS + 2
    tick(0, total, "teacher and kernels")
    set_up_for_workers(tasks, NullSweepListener())
    copies, engine = [], []
    for repeat in range(_REPEATS):
        tick(2 * repeat + 1, total, "plain processes")
        copies.append(_timed(lambda: _in_copies(tasks)))
        tick(2 * repeat + 2, total, "sweep")
        engine.append(_timed(lambda: _in_sweep(tasks)))
    tick(total - 1, total, "tasks that do nothing")
    return SweepBench(
        tasks=_TASKS,
        workers=_WORKERS,
        copies_per_s=_TASKS / min(copies),
        engine_per_s=_TASKS / min(engine),
        share=min(copies) / min(engine),
        overhead_ms=1000 * _overhead(),
        load=load,
    )


def _request(dies: int) -> Request:
    axis = noise_axis("mismatch:0.2,0.3")
    assert axis is not None, "two levels are an axis"
    return Request({}, (axis,), False, tuple(range(1, dies // 2 + 1)))


def _timed(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _in_copies(tasks: list[Task]) -> None:
    context = get_context("spawn")
    processes = [context.Process(target=_run_all, args=(tasks[copy::_WORKERS],)) for copy in range(_WORKERS)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()


def _run_all(tasks: list[Task]) -> None:
    for task in tasks:
        run_task(task)


def _in_sweep(tasks: list[Task]) -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        SweepStore.create(Path(folder) / "bench.sqlite") as store,
        local_workers(_WORKERS) as workers,
    ):
        run_tasks(missing(tasks, store), store, workers)


def _overhead() -> float:
    """Seconds per task."""
    with (
        tempfile.TemporaryDirectory() as folder,
        SweepStore.create(Path(folder) / "bench.sqlite") as store,
        local_workers(1) as workers,
    ):
        first, *others = (task for _, task in _request(_NOTHINGS + 2).plan())
        run_tasks([first], store, workers, run=_nothing)  # starts the worker
        plan = (task for _, task in _request(_NOTHINGS + 2).plan())
        seconds = _timed(lambda: run_tasks(missing(plan, store), store, workers, run=_nothing))
        return seconds / len(others)


def _nothing(task: Task) -> tuple[Result, Timing]:
    summary = '{"nothing":"' + 2000 * "." + '"}'  # about as long as a run's
    result = Result(task.key, task.name, task.spec, task.die, "done", None, 1.0, 1.0, 1.0, 1.0, 1, summary)
    return result, Timing(task.key, 0.0, "")
