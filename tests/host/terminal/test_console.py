"""How a run goes on: a bar on a terminal, a line now and then in a log, nothing where nobody wants it."""

import sys
import threading
from types import SimpleNamespace

import pytest

from host.terminal import Console
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
