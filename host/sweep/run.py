"""Sweeps as a library: open workers and a store, then run a request or a list of specs to completion."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from host.settings import RunSpec
from host.sweep.dask_cluster import dask_executor
from host.sweep.engine import Workers, missing, run_tasks
from host.sweep.listener import NullSweepListener, SweepListener
from host.sweep.local import LocalExecutor
from host.sweep.request import Request
from host.sweep.store import SweepStore
from host.sweep.task import Task, tasks_of
from host.sweep.worker_setup import set_up_for_workers


@contextmanager
def local_workers(count: int) -> Iterator[Workers]:
    """`count` processes on this machine, one thread each; they end with the block."""
    with LocalExecutor(count) as executor:
        yield Workers(executor, count)


@contextmanager
def dask_workers(address: str) -> Iterator[Workers]:
    """The workers of the Dask scheduler at `address`. Raises SweepError if there are none."""
    with dask_executor(address) as (executor, count):
        yield Workers(executor, count)


def run_sweep(
    request: Request,
    store: SweepStore,
    workers: Workers,
    listener: SweepListener | None = None,
    retry_failed: bool = False,
) -> str:
    """Store the plan, then run what is missing of it. Returns the sweep's id, see `SweepStore.rows`.

    Raises SettingError or DataError if the request cannot be, SweepError if the store cannot be written.
    """
    listener = listener or NullSweepListener()
    request.check()
    store.add_sweep(request.id, request.to_json(), ((point, task.id) for point, task in request.plan()))

    def wanted() -> Iterator[Task]:
        return missing((task for _, task in request.plan()), store, retry_failed)

    listener.running(set_up_for_workers(wanted(), listener))
    run_tasks(wanted(), store, workers, listener)
    return request.id


def run_specs(
    specs: Iterable[RunSpec], store: SweepStore, workers: Workers, listener: SweepListener | None = None
) -> list[str]:
    """Run what is missing of `specs`, each on its own die, to completion. Returns the ids of their rows, in order.

    Raises DataError if a data set cannot be read, SweepError if the store cannot be written.
    """
    listener = listener or NullSweepListener()
    tasks = [task for spec in specs for task in tasks_of(spec, [spec.die])]
    listener.running(set_up_for_workers(missing(tasks, store), listener))
    run_tasks(missing(tasks, store), store, workers, listener)
    return [task.id for task in tasks]
