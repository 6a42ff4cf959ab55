"""What a person sees while something goes on."""

from __future__ import annotations

import os
import sys
from types import TracebackType
from typing import Protocol, TextIO

from host.terminal.bar import drawn_bar
from host.terminal.minute_lines import MinuteLines
from host.terminal.notebook import CellLine, in_notebook


def can_be_drawn_on(stream: TextIO | None = None) -> bool:
    """Whether a stream, stderr if none is given, is a terminal that knows more than letters."""
    shown = stream or sys.stderr  # None in a process without streams
    return shown is not None and shown.isatty() and os.environ.get("TERM", "").lower() not in ("dumb", "unknown")


class _Shown(Protocol):
    """Where progress is shown."""

    def start(self) -> None: ...

    def stop(self) -> None: ...

    def stage(self, text: str) -> None: ...

    def rename(self, text: str) -> None: ...

    def progress(self, done: int, total: int, counted: str = "", note: str = "") -> None:
        """counted: `done` and `total` as a bar has them beside it; note: what else is known."""


class _Bar:
    """On a terminal."""

    def __init__(self) -> None:
        from rich.console import Console as RichConsole  # a tenth of a second

        self._progress = drawn_bar(RichConsole(stderr=True), 26, transient=True)

    def start(self) -> None:
        self._progress.start()

    def stop(self) -> None:
        self._progress.stop()

    def stage(self, text: str) -> None:
        for task in self._progress.task_ids:
            self._progress.remove_task(task)
        self._progress.add_task(text, total=None, note="")

    def rename(self, text: str) -> None:
        for task in self._progress.task_ids:
            self._progress.update(task, description=text)

    def progress(self, done: int, total: int, counted: str = "", note: str = "") -> None:
        text = ", ".join(filter(None, (counted, note)))
        for task in self._progress.task_ids:
            self._progress.update(task, completed=done, total=total, note=text)


class _Nothing:
    """Where nobody wants to see it."""

    def start(self) -> None:
        pass

    def stop(self) -> None:
        pass

    def stage(self, text: str) -> None:
        pass

    def rename(self, text: str) -> None:
        pass

    def progress(self, done: int, total: int, counted: str = "", note: str = "") -> None:
        pass


def _seen_here() -> _Shown:
    if in_notebook():
        return CellLine()
    return _Bar() if can_be_drawn_on() else MinuteLines()


class Console:
    """Shows how a run goes on: a bar on a terminal's stderr, below a notebook's cell, elsewhere a line a minute."""

    def __init__(self, quiet: bool = False) -> None:
        """quiet: show nothing."""
        self._shown = _Nothing() if quiet else _seen_here()
        self._staged = False

    def __enter__(self) -> Console:
        self._shown.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._shown.stop()

    def stage(self, text: str) -> None:
        self._staged = True
        self._shown.stage(text)

    def learning(self, done: int, total: int, validation_accuracy: float | None) -> None:
        note = "" if validation_accuracy is None else f"validation {validation_accuracy:.1%}"
        self._shown.progress(done, total, f"{done:,} / {total:,} samples", note)

    def steps(self, done: int, total: int, text: str) -> None:
        if not self._staged:
            self.stage(text)
        self._shown.rename(text)
        self._shown.progress(done, total)
