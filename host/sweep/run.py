"""Sweeps as a library: open workers and a store, then run a request or a list of specs to completion."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from host.errors import SweepError
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
def dask_workers(address: str, mix_versions: bool = False) -> Iterator[Workers]:
    """The workers of the Dask scheduler at `address`. Raises SweepError if there are none, or they have other versions.

    mix_versions: let them have other ones.
    """
    with dask_executor(address, mix_versions) as (executor, count):
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
    request.check()
    sweep = store.add_sweep(request.key, request.to_json(), request.plan())

    def wanted() -> Iterator[Task]:
        return missing((task for _, task in request.plan()), store, retry_failed)

    _run_all(wanted, store, workers, listener or NullSweepListener())
    return sweep


def run_specs(
    specs: Iterable[RunSpec], store: SweepStore, workers: Workers, listener: SweepListener | None = None
) -> list[str]:
    """Run what is missing of `specs`, each on its own die, to completion. Returns the keys of their rows, in order.

    Raises DataError if a data set cannot be read, SweepError if the store cannot be written.
    """
    tasks = [task for spec in specs for task in tasks_of(spec, [spec.die])]
    _run_all(lambda: missing(tasks, store), store, workers, listener or NullSweepListener())
    return [task.key for task in tasks]


def _run_all(
    wanted: Callable[[], Iterator[Task]], store: SweepStore, workers: Workers, listener: SweepListener
) -> None:
    """Raises SweepError if what is there was found by other versions, or follows other teachers."""
    if next(wanted(), None) is not None and (refusal := store.refusal_of_versions()) is not None:
        raise SweepError(refusal)
    ready = set_up_for_workers(wanted(), listener, store)
    listener.running(ready.tasks)
    run_tasks(map(ready.told, wanted()), store, workers, listener)
