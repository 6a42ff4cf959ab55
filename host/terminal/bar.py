"""A bar of rich's in as many lines as a terminal's width asks for. rich is imported only where one is drawn."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.progress import Progress

_ONE_LINE = 110  # columns in which words, bar and times stand beside each other


def drawn_bar(console: Console, width: int, transient: bool = False) -> Progress:
    """What is done, how far it has come, since when and how long it will take. Its tasks have a field `note`.

    width: of the words for what is done, where all stands in one line.
    """
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
    from rich.text import Text

    times = TimeElapsedColumn(), TimeRemainingColumn()
    if console.width >= _ONE_LINE:
        words = TextColumn(f"{{task.description:<{width}}}"), BarColumn(), TextColumn("{task.fields[note]}")
        return Progress(*words, *times, console=console, transient=transient)

    class WordsAbove(Progress):
        def get_renderables(self) -> Iterable[RenderableType]:
            for task in self.tasks:
                yield Text(f"{task.description}  {task.fields['note']}".rstrip())
            yield self.make_tasks_table(self.tasks)

    return WordsAbove(BarColumn(None), *times, console=console, transient=transient, expand=True)
