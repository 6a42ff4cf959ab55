"""Processes on this machine as an Executor in which a worker that dies takes nothing but its own task with it."""

from __future__ import annotations

import atexit
import contextlib
import gc
import os
import pickle
import signal
import threading
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor
from multiprocessing.connection import Connection
from queue import SimpleQueue
from types import TracebackType
from typing import Any

from host.sweep.processes import PROCESSES


class LocalExecutor(Executor):
    """`workers` processes, each with a thread here that waits for it alone: it is known which task a dead one was at.

    That task's future raises BrokenExecutor, and the next task finds a new worker. The workers hold one end of a
    pipe, the lifeline; they end when its other end is closed: on purpose, or because this process is gone.

    Not of ProcessPoolExecutors: if their own threads fail, as without memory, tasks wait for ever.
    """

    def __init__(self, workers: int) -> None:
        self._lifeline, self._let_go = PROCESSES.Pipe(duplex=False)
        self._threads = ThreadPoolExecutor(workers, "worker")
        self._idle: SimpleQueue[_Worker] = SimpleQueue()
        for _ in range(workers):
            self._idle.put(_Worker(self._lifeline))

    def submit(self, function: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future[Any]:
        return self._threads.submit(self._run, function, arguments, named)

    def _run(self, function: Callable[..., Any], arguments: tuple[Any, ...], named: dict[str, Any]) -> Any:
        worker = self._idle.get()
        try:
            return worker.call(function, arguments, named)
        finally:
            self._idle.put(worker)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """As of every Executor; with `cancel_futures` running tasks are not waited for, either."""
        if cancel_futures:
            self._let_go.close()
        self._threads.shutdown(wait, cancel_futures=cancel_futures)
        workers = [self._idle.get() for _ in range(self._idle.qsize())]
        for worker in workers:
            worker.let_go()
        for worker in workers if wait else ():
            worker.end()
        self._let_go.close()
        self._lifeline.close()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.shutdown(cancel_futures=kind is not None)


class _Worker:
    """A process that carries out one call after the other; it begins with the first one, and anew after its death."""

    def __init__(self, lifeline: Connection) -> None:
        self._lifeline = lifeline
        self._process: Any = None
        self._line: Connection | None = None

    def call(self, function: Callable[..., Any], arguments: tuple[Any, ...], named: dict[str, Any]) -> Any:
        """What the function returns or raises there. Raises BrokenExecutor if the process dies."""
        try:
            line = self._line or self._begin()
            line.send_bytes(pickle.dumps((function, arguments, named)))
            returned, answer = pickle.loads(line.recv_bytes())
        except (EOFError, ConnectionError):
            self.end()
            raise BrokenExecutor("the worker's process has died") from None
        except BaseException:  # what it may still say would be taken for the answer to the next call
            self._kill()
            raise
        if returned:
            return answer
        raise answer

    def _begin(self) -> Connection:
        self._line, there = PROCESSES.Pipe()
        try:
            self._process = PROCESSES.Process(target=_serve, args=(there, self._lifeline))
            self._process.start()
        finally:
            there.close()
        return self._line

    def let_go(self) -> None:
        """Let the process end once it is done with what it is at."""
        if self._line is not None:
            self._line.close()
            self._line = None

    def end(self) -> None:
        """Let the process end, and wait for that."""
        self.let_go()
        if self._process is not None and self._process.pid is not None:
            self._process.join()
        self._process = None

    def _kill(self) -> None:
        if self._process is not None and self._process.pid is not None:
            self._process.kill()
        self.end()


def _serve(line: Connection, lifeline: Connection) -> None:
    """A worker's life. Ctrl-C is the main process's to answer."""
    atexit.register(gc.freeze)  # as the command itself does
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(lifeline,), daemon=True).start()
    with contextlib.suppress(EOFError, OSError):  # nobody asks any more
        while True:
            _answer(line, line.recv_bytes())


def _answer(line: Connection, question: bytes) -> None:
    answer: tuple[bool, Any]
    try:
        function, arguments, named = pickle.loads(question)
        answer = True, function(*arguments, **named)
    except Exception as error:
        answer = False, error
    try:
        content = pickle.dumps(answer)
    except Exception as error:
        content = pickle.dumps((False, RuntimeError(f"{type(error).__name__}: {error}")))
    line.send_bytes(content)


def _end_with(lifeline: Connection) -> None:
    with contextlib.suppress(EOFError, OSError):
        lifeline.recv_bytes()
    os._exit(1)
