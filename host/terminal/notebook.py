"""How something goes on, below a notebook's cell: one line that changes in place. It needs no widgets."""

from __future__ import annotations

import sys
import time
from importlib import import_module
from typing import Any

_EVERY_S = 0.25


def in_notebook() -> bool:
    """Whether this is a kernel that shows what is displayed: of Jupyter, and of what speaks its protocol."""
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    return hasattr(shell, "kernel")


class CellLine:
    """A bar of rich's, drawn as HTML. Made in a notebook only."""

    def __init__(self) -> None:
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

        self._progress = Progress(
            TextColumn("{task.description:<26}"),
            BarColumn(),
            TextColumn("{task.fields[note]}"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            auto_refresh=False,
        )
        self._place: Any = None  # what has been displayed, to be replaced
        self._shown_at = 0.0

    def start(self) -> None:
        self._place = import_module("IPython.display").display({"text/plain": ""}, raw=True, display_id=True)

    def stop(self) -> None:
        self._place.update({"text/plain": ""}, raw=True)  # the result follows

    def stage(self, text: str) -> None:
        for task in self._progress.task_ids:
            self._progress.remove_task(task)
        self._progress.add_task(text, total=None, note="")
        self._show(now=True)

    def rename(self, text: str) -> None:
        for task in self._progress.task_ids:
            self._progress.update(task, description=text)
        self._show()

    def progress(self, done: int, total: int, counted: str = "", note: str = "") -> None:
        text = ", ".join(filter(None, (counted, note)))
        for task in self._progress.task_ids:
            self._progress.update(task, completed=done, total=total, note=text)
        self._show(now=done == total)

    def _show(self, now: bool = False) -> None:
        if now or time.monotonic() >= self._shown_at + _EVERY_S:
            self._shown_at = time.monotonic()
            self._place.update(self._progress.make_tasks_table(self._progress.tasks))
