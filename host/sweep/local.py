"""Processes on this machine as an Executor in which a worker that dies takes nothing but its own task with it."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import spawn
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnContext, SpawnProcess
from multiprocessing.process import BaseProcess
from queue import SimpleQueue
from types import TracebackType
from typing import Any


class _Worker(SpawnProcess):
    """A process that imports what its tasks need and nothing else.

    Python would have each new process run the main program's file once more, as a module: a script that asks for a
    sweep, and does so without ``if __name__ == "__main__"``, would ask for it in every worker.
    """

    @staticmethod
    def _Popen(process_obj: BaseProcess) -> Any:  # noqa: N802 (multiprocessing's name)
        with _main_is_left_alone():
            return SpawnProcess._Popen(process_obj)


class _Context(SpawnContext):
    Process = _Worker


_CONTEXT = _Context()  # a forked child would inherit threads' locks
_preparing = threading.local()
_prepared = spawn.get_preparation_data


def _without_main(name: str) -> dict[str, Any]:
    data: dict[str, Any] = _prepared(name)
    if getattr(_preparing, "without_main", False):
        for how in ("init_main_from_name", "init_main_from_path"):
            data.pop(how, None)
    return data


spawn.get_preparation_data = _without_main


@contextmanager
def _main_is_left_alone() -> Iterator[None]:
    """Processes that this thread starts meanwhile are not told of the main program."""
    _preparing.without_main = True
    try:
        yield
    finally:
        _preparing.without_main = False


class LocalExecutor(Executor):
    """`workers` processes, each a pool of its own, so that it is known which task a dead worker was at.

    That task's future raises BrokenProcessPool, and the next task finds a new worker. The workers hold one end of a
    pipe, the lifeline; they end when its other end is closed: on purpose, or because this process is gone.
    """

    def __init__(self, workers: int) -> None:
        self._lifeline, self._let_go = _CONTEXT.Pipe(duplex=False)
        self._threads = ThreadPoolExecutor(workers, "worker")  # each waits for one worker
        self._idle: SimpleQueue[ProcessPoolExecutor] = SimpleQueue()
        for _ in range(workers):
            self._idle.put(self._pool())

    def _pool(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(1, _CONTEXT, _begin, (self._lifeline,))

    def submit(self, function: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future[Any]:
        return self._threads.submit(self._run, function, arguments, named)

    def _run(self, function: Callable[..., Any], arguments: tuple[Any, ...], named: dict[str, Any]) -> Any:
        pool = self._idle.get()
        try:
            return pool.submit(function, *arguments, **named).result()
        except BrokenProcessPool:
            pool.shutdown()
            pool = self._pool()
            raise
        finally:
            self._idle.put(pool)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """As of every Executor; with `cancel_futures` running tasks are not waited for, either."""
        if cancel_futures:
            self._let_go.close()
        self._threads.shutdown(wait, cancel_futures=cancel_futures)
        while not self._idle.empty():
            self._idle.get().shutdown(wait)
        self._let_go.close()
        self._lifeline.close()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.shutdown(cancel_futures=kind is not None)


def _begin(lifeline: Connection) -> None:
    """A worker's first act. Ctrl-C is the main process's to answer."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(lifeline,), daemon=True).start()


def _end_with(lifeline: Connection) -> None:
    with contextlib.suppress(EOFError, OSError):
        lifeline.recv_bytes()
    os._exit(1)
