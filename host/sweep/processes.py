"""How workers are begun: as new processes, of which none runs the main program's file once more."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import spawn
from multiprocessing.context import SpawnContext, SpawnProcess
from multiprocessing.process import BaseProcess
from typing import Any


class _Process(SpawnProcess):
    """A process that imports what its tasks need and nothing else.

    Python would have each new process run the main program's file once more, as a module: a script that asks for a
    sweep, and does so without ``if __name__ == "__main__"``, would ask for it in every worker.
    """

    @staticmethod
    def _Popen(process_obj: BaseProcess) -> Any:  # noqa: N802 (multiprocessing's name)
        with _main_is_left_alone():
            return SpawnProcess._Popen(process_obj)


class _Context(SpawnContext):
    Process = _Process


PROCESSES = _Context()  # a forked child would inherit threads' locks
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
