"""Runs what is missing of a list of tasks, wherever the executor runs it, and writes down what comes back."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Executor, Future, wait
from dataclasses import dataclass

from host.errors import SweepError
from host.sweep.listener import NullSweepListener, SweepListener
from host.sweep.store import Result, SweepStore, Timing
from host.sweep.task import Task
from host.sweep.worker import failed, run_task

_LIVES = 3  # workers that a task may take with it
_QUEUED = 2  # tasks handed out per worker, so that none waits for us


@dataclass(frozen=True)
class Workers:
    """Where tasks run."""

    executor: Executor
    count: int  # tasks at a time


def missing(tasks: Iterable[Task], store: SweepStore, retry_failed: bool = False) -> Iterator[Task]:
    """Those that are to be run, each once. Raises SweepError if a stored one was run on other data."""
    stored_is_enough = ("done",) if retry_failed else ("done", "failed")
    for task in tasks:
        status, data = store.status(task.id)
        if data not in (None, task.data):
            raise SweepError(
                f"{store.path} holds {task.id} of other data under the same name: bring the old data back, or name"
                " another --out"
            )
        if status not in stored_is_enough:
            yield task


def run_tasks(
    tasks: Iterable[Task],
    store: SweepStore,
    workers: Workers,
    listener: SweepListener | None = None,
    run: Callable[[Task], tuple[Result, Timing]] = run_task,
) -> None:
    """Run `tasks` and store every result as it comes. Only a few tasks are in memory at a time.

    A task whose worker dies is given to another one; one that has cost three workers is stored as failed. Raises
    SweepError if the store cannot be written or the workers are gone.
    """
    listener = listener or NullSweepListener()
    waiting, again = iter(tasks), deque[Task]()
    running: dict[Future[tuple[Result, Timing]], Task] = {}
    deaths: Counter[str] = Counter()
    try:
        while True:
            while len(running) < _QUEUED * workers.count:
                task = again.popleft() if again else next(waiting, None)
                if task is None:
                    break
                if task not in running.values():  # a plan may name a task twice
                    running[workers.executor.submit(run, task)] = task
            if not running:
                return
            ended, _ = wait(running, return_when=FIRST_COMPLETED)
            results = []
            for future in ended:
                task = running.pop(future)
                try:
                    results.append(future.result())
                except BrokenExecutor:
                    deaths[task.id] += 1
                    if deaths[task.id] < _LIVES:
                        again.append(task)
                    else:
                        message = f"its worker died {_LIVES} times: killed, out of memory, or crashed"
                        results.append((failed(task, message), Timing(task.id, 0.0, "")))
                except CancelledError:
                    raise SweepError("the workers were shut down; what is stored stays: ask again to go on") from None
                except Exception as error:  # what an executor makes of a task that it gave up
                    message = f"{type(error).__name__}: {error}"
                    results.append((failed(task, message), Timing(task.id, 0.0, "")))
            store.record(results)
            for result, _ in results:
                listener.finished(result)
    finally:
        for future in running:
            future.cancel()
