"""Times pieces of work side by side, so that a machine that drifts drifts for all of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class TimedTask:
    """One thing to time. `prepare` runs before every run of `work` and is not timed."""

    name: str
    work: Callable[[], object]
    prepare: Callable[[], object] | None = None


@dataclass(frozen=True)
class TaskTimes:
    """What the repeats of one task took."""

    seconds: list[float]  # (repeats,), of one run
    cores: list[float]  # (repeats,), that the process had on average: processor seconds over seconds


def time_in_turns(
    tasks: Sequence[TimedTask], repeats: int, min_seconds: float, tick: Callable[[str], None]
) -> dict[str, TaskTimes]:
    """Time all tasks in turn, and then all again, `repeats` times. Returns a TaskTimes per name.

    A repeat lasts `min_seconds` or more: short work is run several times. `tick` is called before every repeat of
    every task and before its first, untimed run, which compiles and touches the memory.
    """
    runs: dict[str, int] = {}
    for task in tasks:
        tick(task.name)
        _time(task, 1)
        runs[task.name] = max(1, round(min_seconds / max(_time(task, 1)[0], 1e-6)))
    timings = {task.name: TaskTimes([], []) for task in tasks}
    for _ in range(repeats):
        for task in tasks:
            tick(task.name)
            seconds, cores = _time(task, runs[task.name])
            timings[task.name].seconds.append(seconds)
            timings[task.name].cores.append(cores)
    return timings


def _time(task: TimedTask, runs: int) -> tuple[float, float]:
    """Mean seconds of `runs` runs, and how many cores they had."""
    wall = processor = 0.0
    for _ in range(runs):
        if task.prepare is not None:
            task.prepare()
        start, processor_start = time.perf_counter(), time.process_time()
        task.work()
        wall += time.perf_counter() - start
        processor += time.process_time() - processor_start
    return wall / runs, processor / max(wall, 1e-9)
