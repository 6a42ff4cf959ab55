"""What a person sees while a run goes on."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import TaskID


class Console:
    """Shows how a run goes on. Draws on a terminal only; in a pipe it is silent."""

    def __init__(self) -> None:
        from rich.console import Console as RichConsole  # a tenth of a second
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

        self._progress = Progress(
            TextColumn("{task.description:<26}"),
            BarColumn(),
            TextColumn("{task.fields[note]}"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=RichConsole(stderr=True),
            disable=not sys.stderr.isatty(),
            transient=True,
        )
        self._task: TaskID | None = None

    def __enter__(self) -> Console:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def stage(self, text: str) -> None:
        if self._task is not None:
            self._progress.remove_task(self._task)
        self._task = self._progress.add_task(text, total=None, note="")

    def learning(self, done: int, total: int, validation_accuracy: float | None) -> None:
        if self._task is not None:
            note = f"{done:,} / {total:,} samples"
            if validation_accuracy is not None:
                note += f", validation {validation_accuracy:.1%}"
            self._progress.update(self._task, completed=done, total=total, note=note)

    def steps(self, done: int, total: int, text: str) -> None:
        if self._task is None:
            self.stage(text)
        if self._task is not None:
            self._progress.update(self._task, completed=done, total=total, description=text)
