"""Times pieces of work side by side, so that a machine that drifts drifts for all of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Task:
    """One thing to time. `prepare` runs before every run of `work` and is not timed."""

    name: str
    work: Callable[[], object]
    prepare: Callable[[], object] | None = None


def time_in_turns(
    tasks: Sequence[Task], repeats: int, min_seconds: float, tick: Callable[[str], None]
) -> dict[str, list[float]]:
    """Seconds that one run of each task takes: per name (repeats,), all tasks in turn and then all again.

    A repeat lasts `min_seconds` or more: short work is run several times. `tick` is called before every repeat of
    every task and before its first, untimed run, which compiles and touches the memory.
    """
    runs: dict[str, int] = {}
    for task in tasks:
        tick(task.name)
        _seconds(task, 1)
        runs[task.name] = max(1, round(min_seconds / max(_seconds(task, 1), 1e-6)))
    seconds: dict[str, list[float]] = {task.name: [] for task in tasks}
    for _ in range(repeats):
        for task in tasks:
            tick(task.name)
            seconds[task.name].append(_seconds(task, runs[task.name]))
    return seconds


def _seconds(task: Task, runs: int) -> float:
    """Mean over `runs` runs."""
    total = 0.0
    for _ in range(runs):
        if task.prepare is not None:
            task.prepare()
        start = time.perf_counter()
        task.work()
        total += time.perf_counter() - start
    return total / runs
