"""Columns line up, and nothing of a cell is lost."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_runs import environment

from host.terminal import percent, percent_interval, table

CELL = st.text("ab é|")
ROWS = st.lists(st.lists(CELL, max_size=4), max_size=5)


def test_the_first_column_to_the_left_the_others_to_the_right():
    assert table([["thermal", "0.1", "yes"], ["x", "1,000.25"]], ("noise", "level", "")) == [
        "noise       level",
        "thermal       0.1  yes",
        "x        1,000.25",
    ]


def test_sides_indent_and_no_head():
    assert table([["a", "bb", "c"], ["aaa", "b", "cc"]], align="><", indent=2) == ["    a  bb  c", "  aaa  b   cc"]


def test_a_table_of_nothing():
    assert table([]) == []
    assert table([], ("point", "dies")) == ["point  dies"]
    assert table([[]]) == [""]


@given(rows=ROWS, head=st.none() | st.lists(CELL, max_size=4), align=st.sampled_from(["<", ">", "<>", "><<"]))
def test_cells_stand_in_their_columns(rows, head, align):
    cells = [head, *rows] if head is not None else rows
    width = max(map(len, cells), default=0)
    filled = [[*row, *[""] * (width - len(row))] for row in cells]
    widths = [max(map(len, column)) for column in zip(*filled, strict=True)] if filled else []
    lines = table(rows, head, align=align, indent=1)
    assert len(lines) == len(cells)
    for line, row in zip(lines, filled, strict=True):
        assert line == line.rstrip()
        place = 1
        for number, (cell, room) in enumerate(zip(row, widths, strict=True)):
            side = align[min(number, len(align) - 1)]
            padded = cell.ljust(room) if side == "<" else cell.rjust(room)
            assert line[place : place + room].ljust(room) == padded
            place += room + 2


@pytest.mark.parametrize(
    ("value", "text"), [(None, "-"), (0.0, "0.00"), (0.12345, "12.35"), (1.0, "100.00"), (-0.5, "-50.00")]
)
def test_percent(value, text):
    assert percent(value) == text


def test_interval_and_digits():
    assert (percent(0.5, 0), percent_interval(None), percent_interval((0.249, 1.0))) == ("50", "-", "25 to 100")


def test_imports_nothing_heavy():
    program = "import sys, host.terminal; print([name for name in ('rich', 'numpy', 'click') if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment(), capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"
