"""A bar of rich's in as many lines as a terminal's width asks for. Imported where one is drawn, since rich is heavy."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console, RenderableType
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.text import Text

_ONE_LINE = 110  # columns in which words, bar and times stand beside each other


class Bar(Progress):
    """What is done, how far it has come, since when and how long it will take; tasks have a field `note`."""

    def __init__(self, console: Console, width: int, transient: bool = False) -> None:
        """width: of the words for what is done."""
        self._in_one_line = console.width >= _ONE_LINE
        words = TextColumn(f"{{task.description:<{width}}}"), BarColumn(), TextColumn("{task.fields[note]}")
        times = TimeElapsedColumn(), TimeRemainingColumn()
        if self._in_one_line:
            super().__init__(*words, *times, console=console, transient=transient)
        else:
            super().__init__(BarColumn(None), *times, console=console, transient=transient, expand=True)

    def get_renderables(self) -> Iterable[RenderableType]:
        if not self._in_one_line:
            for task in self.tasks:
                yield Text(f"{task.description}  {task.fields['note']}".rstrip())
        yield self.make_tasks_table(self.tasks)
