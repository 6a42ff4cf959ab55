"""A sweep as a person sees it: progress on stderr while it runs, a table at the end."""

from __future__ import annotations

from types import TracebackType
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from host.run import canonical
from host.sweep.rows import Result
from host.sweep.store import SweepStore
from host.sweep.tally import PointTally, tallies
from host.terminal import MinuteLines, can_be_drawn_on, drawn_bar, fitted, table

_FRAME = 8  # lines of a terminal that are not points


class Display:
    """Rate, time left and the running mean of every point; what is no terminal to draw on gets a line a minute."""

    def __init__(self, store: SweepStore, key: str) -> None:
        """key: the sweep's."""
        self._store = store
        self._key = key
        self.ran = 0  # tasks so far
        self._tallies: dict[str, PointTally] = {}
        self._latest: dict[str, None] = {}  # points in the order in which they last changed
        self._console = Console(stderr=True)
        self._progress = drawn_bar(self._console, 12)
        self._bar = self._progress.add_task("planning", total=None, note="")
        self._lines = MinuteLines()
        self._shown = can_be_drawn_on()
        self._live = Live(get_renderable=self._picture, console=self._console, transient=True, refresh_per_second=4)

    def __enter__(self) -> Display:
        (self._live if self._shown else self._lines).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        (self._live if self._shown else self._lines).stop()

    def stage(self, text: str) -> None:
        self._progress.update(self._bar, description=text)
        self._lines.stage(text)

    def running(self, tasks: int) -> None:
        self._progress.reset(self._bar, description="running", total=tasks, note=f"0 / {tasks:,} tasks")
        self._lines.stage("sweep")
        self._lines.progress(0, tasks)
        if self._shown:
            self._tallies = tallies(self._store.rows(self._key))

    def finished(self, result: Result) -> None:
        self.ran += 1
        self._progress.advance(self._bar)
        bar = self._progress.tasks[0]
        self._lines.progress(round(bar.completed), round(bar.total or 0))
        rate = f", {bar.speed:.2f} tasks/s" if bar.speed else ""
        self._progress.update(self._bar, note=f"{bar.completed:,.0f} / {bar.total or 0:,.0f} tasks{rate}")
        if self._shown:
            for point in map(canonical, self._store.points_of(self._key, result.key)):
                self._tallies[point].add(result)
                self._latest.pop(point, None)
                self._latest[point] = None

    def _picture(self) -> Group:
        room = max(1, self._console.height - _FRAME)
        latest = set(list(self._latest)[-room:])
        rows = []
        for key, tally in list(self._tallies.items()):
            if key in latest:
                failed = "".join(f" ({n} {what})" for what, n in tally.in_vain.items() if n)
                means = tally.means or ()
                rows.append([tally.name, f"{tally.done} / {tally.planned}{failed}", *(f"{m:.2%}" for m in means)])
        lines = table(rows, ("point", "dies", "ideal", "before", "after"))
        text = Text(fitted("\n".join(lines), self._console.width))
        return Group(self._progress, text) if latest else Group(self._progress)


def point_table(points: list[dict[str, Any]]) -> list[str]:
    """One line per point (see PointTally.to_json): dies done, mean accuracies, the worst die after learning.

    And, if there are any, the mean share of test samples without an answer after learning.
    """
    rows = []
    abstains = any(point["unanswered"] for point in points)
    for point in points:
        means = [point[name] for name in ("ideal", "before", "after", "worst_after")] if point["done"] else 4 * [None]
        failed = ", ".join(f"{point[what]} {what}" for what in ("failed", "lost") if point[what])
        dies = f"{point['done']} / {point['dies']}"
        if abstains:
            means.append(point["unanswered"])
        rows.append([point["name"], dies, *("" if mean is None else f"{mean:.2%}" for mean in means), failed])
    head = ("point", "dies", "ideal", "before", "after", "worst after", *(("no answer",) if abstains else ()), "")
    return table(rows, head)
