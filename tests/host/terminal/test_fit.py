"""Text in the room that a terminal has: nothing is lost, nothing is wider, and a pipe gets it as it was."""

import os
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host.terminal import fitted, for_terminal, table

RESULT = """\
accuracy on 450 test samples
  teacher  98.22%  the ANN that the chip follows
  ideal    97.56%  a chip without errors, programmed, not trained
recovered    104% of what was lost
  equal counts of several outputs, settled by their membranes: 7 ideal"""


def test_sentences_go_on_below_their_column_and_others_further_in():
    assert (
        fitted(RESULT, 40)
        == """\
accuracy on 450 test samples
  teacher  98.22%  the ANN that the chip
                   follows
  ideal    97.56%  a chip without
                   errors, programmed,
                   not trained
recovered    104% of what was lost
  equal counts of several outputs,
      settled by their membranes: 7
      ideal"""
    )


def test_a_table_is_shown_in_parts():
    rows = [["mismatch:0", "20 / 20", "97.56%", "97.11%"], ["mismatch:0.1", "20 / 20", "97.56%", "95.00%"]]
    text = "\n".join(["sweep", "", *table(rows, ["point", "dies", "ideal", "after"])])
    assert fitted(text, 30).splitlines() == [
        "sweep",
        "",
        "point            dies   ideal",
        "mismatch:0    20 / 20  97.56%",
        "mismatch:0.1  20 / 20  97.56%",
        "",
        "point          after",
        "mismatch:0    97.11%",
        "mismatch:0.1  95.00%",
    ]


def test_a_command_is_left_whole():
    line = "  chipsim run --noise=mismatch:0.2 --die 3 --set chip.synapse.weight_sigma_relative=0.4"
    assert fitted(line, 40) == line


LONGEST, MOST_INDENT = 12, 4
WORDS = st.lists(st.text("abcxyz0.%:/", min_size=1, max_size=LONGEST), min_size=1, max_size=12)
LINE = st.builds(
    lambda indent, gap, words: " " * indent + gap.join(words),
    st.integers(0, MOST_INDENT),
    st.sampled_from([" ", "  "]),
    WORDS,
)
TABLE = st.integers(2, 6).flatmap(
    lambda n: st.lists(
        st.lists(st.text("ab1%", min_size=1, max_size=9), min_size=n, max_size=n), min_size=1, max_size=5
    )
)
TEXT = st.lists(LINE | st.just("") | TABLE.map(lambda rows: "\n".join(table(rows))), max_size=6).map("\n".join)


@given(TEXT, st.integers(10, 100))
def test_nothing_is_lost_and_nothing_wider_but_long_words(text, width):
    shown = fitted(text, width)
    for line in shown.split("\n"):
        assert len(line) <= max(width, max(width // 2, MOST_INDENT + 4) + LONGEST)
    assert set(shown.split()) == set(text.split())
    assert len(shown.split()) >= len(text.split())


@given(TEXT)
def test_what_has_room_stays_as_it_is(text):
    assert fitted(text, max(map(len, text.split("\n")), default=1) or 1) == text


@pytest.mark.parametrize("terminal", [True, False])
def test_only_a_terminal_has_a_width(monkeypatch, terminal):
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: terminal, raising=False)
    assert (for_terminal(RESULT) == RESULT) is not terminal
    assert os.linesep not in for_terminal("word")
