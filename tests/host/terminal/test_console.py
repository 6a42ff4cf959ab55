"""How a run goes on: a bar on a terminal, a line now and then in a log, nothing where nobody wants it."""

import io
import sys
import threading
from types import SimpleNamespace
from typing import Any, cast

import pytest
from rich.console import Console as RichConsole

from host.sweep import Display
from host.terminal import Console, drawn_bar
from host.terminal.minute_lines import MinuteLines, _said, _Stand
from host.terminal.notebook import in_notebook


def test_a_log_is_told_what_is_done_missing_and_left() -> None:
    stand = _Stand("learning", 100.0, 250, 1000, "validation 97.0%")
    assert _said(stand, 220.0) == (
        "learning, 250 of 1,000 done, 750 missing, validation 97.0%, for 2 min, about 6 min left"
    )
    assert _said(_Stand("training the teacher", 0.0), 25.0) == "training the teacher, for 25 s"
    assert _said(_Stand("sweep", 0.0, 1, 100), 240.0).endswith("about 6 h 36 min left")
    assert "left" not in _said(_Stand("learning", 0.0, 10, 10), 60.0)


def test_what_was_done_before_makes_nothing_faster(monkeypatch) -> None:
    """Of a run that goes on, and of one that began with work of another kind."""
    lines, now = MinuteLines(), 0.0
    monkeypatch.setattr("host.terminal.minute_lines.time.monotonic", lambda: now)
    lines.stage("learning")
    now = 30.0
    lines.progress(800, 1000)
    now = 90.0
    lines.progress(850, 1000)
    assert lines._stand is not None
    assert _said(lines._stand, 90.0) == "learning, 850 of 1,000 done, 150 missing, for 2 min, about 3 min left"
    lines.stage("drawing")
    assert _said(lines._stand, 95.0) == "drawing, for 5 s"


def test_lines_come_while_nothing_else_is_heard_of(capfd) -> None:
    lines = MinuteLines(every_s=0.01)
    lines.start()
    threading.Event().wait(0.05)
    lines.stage("training the teacher")
    while "training the teacher" not in (said := capfd.readouterr()).err:
        assert said.out == ""
    lines.stop()
    assert not lines._thread.is_alive()


def test_a_short_run_in_a_log_and_a_quiet_one_say_nothing(capfd) -> None:
    for quiet in (False, True):
        with Console(quiet) as console:
            console.stage("learning")
            console.learning(1, 2, None)
            console.steps(1, 2, "more")
    assert capfd.readouterr() == ("", "")


def test_a_log_is_told_once_how_far_a_run_or_a_sweep_has_come(monkeypatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(MinuteLines, "stop", lambda self: said.append(_said(self._stand, self._stand.began)))
    monkeypatch.setattr(MinuteLines, "start", lambda self: None)
    with Console() as console:
        console.stage("learning")
        console.learning(250, 1000, 0.97)
    with Display(cast(Any, None), "key") as display:
        display.stage("planning")
        display.running(4)
        display.finished(cast(Any, None))
    assert said == [
        "learning, 250 of 1,000 done, 750 missing, validation 97.0%, for 0 s, about 0 s left",
        "sweep, 1 of 4 done, 3 missing, for 0 s, about 0 s left",
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
@pytest.mark.parametrize("width", [40, 80, 200])
def test_a_bar_says_all_at_any_width(width, encoding) -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    console = RichConsole(file=stream, force_terminal=True, width=width, color_system=None)
    bar = drawn_bar(console, 26)
    bar.add_task("learning", total=24246, completed=12288, note="12,288 / 24,246 samples, validation 97.4%")
    console.print(bar.get_renderable())
    stream.flush()
    shown = cast(io.BytesIO, stream.buffer).getvalue().decode(encoding)
    assert max(map(len, shown.splitlines())) <= width
    assert " ".join(shown.split()).startswith("learning ")
    for words in ("12,288 / 24,246", "validation 97.4%", "0:00:00", "-:--:--"):
        assert words in " ".join(shown.split())


def test_no_bar_is_drawn_where_the_cursor_cannot_move(monkeypatch) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    for term, kind in {"dumb": "MinuteLines", "xterm": "_Bar"}.items():
        monkeypatch.setenv("TERM", term)
        assert type(Console()._shown).__name__ == kind


@pytest.fixture
def notebook(monkeypatch):
    """As much of IPython as a kernel shows: what is displayed, and then put in its place."""
    shown = []

    def display(value, raw=False, display_id=False):
        shown.append(value)
        return SimpleNamespace(update=lambda value, raw=False: shown.append(value))

    shell = SimpleNamespace(kernel=object())
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    monkeypatch.setitem(sys.modules, "IPython.display", SimpleNamespace(display=display))
    return shown


def test_a_notebook_shows_one_line_that_goes_away(notebook, capfd) -> None:
    with Console() as console:
        console.stage("learning")
        console.learning(1, 4, 0.5)
        console.learning(4, 4, 0.75)
    assert notebook[0] == notebook[-1] == {"text/plain": ""}
    pages = [each._repr_mimebundle_([], [])["text/html"] for each in notebook[1:-1]]
    assert 2 <= len(pages) <= 3, "not all of what comes at once"
    assert "learning" in pages[0] and "4 / 4 samples, validation 75.0%" in pages[-1]
    assert capfd.readouterr() == ("", "")


def test_a_terminal_with_ipython_is_no_notebook(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: SimpleNamespace()))
    assert not in_notebook()
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: None))
    assert not in_notebook()


def test_a_quiet_run_shows_nothing_in_a_notebook(notebook) -> None:
    with Console(quiet=True) as console:
        console.stage("learning")
    assert notebook == []
