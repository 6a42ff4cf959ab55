"""Runs what is missing of a list of tasks, wherever the executor runs it, and writes down what comes back."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Executor, Future, wait
from dataclasses import dataclass
from typing import Any

from host.errors import SweepError
from host.faults import is_passing
from host.sweep.listener import NullSweepListener, SweepListener
from host.sweep.rows import Result, Timing
from host.sweep.store import SweepStore
from host.sweep.task import Task
from host.sweep.worker import OTHER_TEACHER, ended, layers_of_teacher, run_task
from host.teachers import Layer

_LIVES = 3  # times that a task may be lost
_QUEUED = 2  # tasks handed out per worker, so that none waits for us

Run = Callable[..., tuple[Result, Timing]]  # of a task, and of its teacher's layers where a worker needs them


@dataclass(frozen=True)
class Workers:
    """Where tasks run."""

    executor: Executor
    count: int  # tasks at a time


def missing(tasks: Iterable[Task], store: SweepStore, retry_failed: bool = False) -> Iterator[Task]:
    """Those that are to be run, what a passing fault has lost among them. Raises SweepError if a row is damaged."""
    stored_is_enough = ("done",) if retry_failed else ("done", "failed")
    return (task for task in tasks if store.holds(task, task.spec) not in stored_is_enough)


def run_tasks(
    tasks: Iterable[Task],
    store: SweepStore,
    workers: Workers,
    listener: SweepListener | None = None,
    run: Run = run_task,
) -> None:
    """Run `tasks` and store every result as it comes. Only a few tasks are in memory at a time.

    A task that is lost, with its worker or by a passing fault of its machine, is given to another worker; one that has
    been lost three times is stored as lost, and asked for again it is run again. Raises SweepError if the store cannot
    be written or the workers are gone.
    """
    listener = listener or NullSweepListener()
    waiting, again = iter(tasks), deque[tuple[Task, Sequence[Layer] | None]]()
    running: dict[Future[tuple[Result, Timing]], Task] = {}
    losses: Counter[str] = Counter()
    try:
        while True:
            while len(running) < _QUEUED * workers.count:
                task, layers = again.popleft() if again else (next(waiting, None), None)
                if task is None:
                    break
                if task not in running.values():  # a plan may name a task twice
                    given: tuple[Any, ...] = (task,) if layers is None else (task, layers)
                    running[workers.executor.submit(run, *given)] = task
            if not running:
                return
            finished, _ = wait(running, return_when=FIRST_COMPLETED)
            results = []
            for future in finished:
                task = running.pop(future)
                result, timing = _what_became_of(task, future, store)
                layers = None
                if result.status == OTHER_TEACHER:
                    layers = layers_of_teacher(task)
                    result = result._replace(status="lost")
                if result.status == "lost":
                    losses[task.key] += 1
                    if losses[task.key] < _LIVES:
                        again.append((task, layers))
                        continue
                results.append((result, timing))
            store.record(results)
            for result, _ in results:
                listener.finished(result)
    finally:
        for future in running:
            future.cancel()


def _what_became_of(task: Task, future: Future[tuple[Result, Timing]], store: SweepStore) -> tuple[Result, Timing]:
    """The result of an ended future. Raises SweepError if the workers were shut down."""
    try:
        result, timing = future.result()
    except BrokenExecutor:
        lost = ended(task, "lost", f"its worker died {_LIVES} times: killed, out of memory, or crashed")
        return lost, Timing(task.key, 0.0, "")
    except CancelledError:
        raise SweepError("the workers were shut down; what is stored stays: ask again to go on") from None
    except Exception as error:  # what an executor makes of a task that it gave up
        status = "lost" if is_passing(error) else "failed"
        return ended(task, status, f"{type(error).__name__}: {error}"), Timing(task.key, 0.0, "")
    refusal = store.refusal_of_versions(result.made_with)
    if refusal is None and result.recipe is not None and result.teacher_digest is not None:
        refusal = store.refusal_of_teacher(result.recipe, result.teacher_digest)
    return (result if refusal is None else ended(task, "lost", f"on {timing.worker}: {refusal}")), timing
