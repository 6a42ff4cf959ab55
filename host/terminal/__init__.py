"""What a person sees on a terminal: progress on stderr, tables of aligned columns, figures as a person reads them.

`console` shows on stderr how something goes on: a `bar` on a terminal that can move its cursor, below a `notebook`'s
cell, elsewhere `minute_lines`. `table` is the one place where widths are computed; `fit` makes text as wide as the
terminal that it is printed to, which every command's text goes through; `percent` writes fractions, `-` where there is
none.

    from host.terminal import table

    print("\\n".join(table([["thermal", "0.1"], ["mismatch", "0.25"]], ["noise", "level"])))

    noise     level
    thermal     0.1
    mismatch   0.25

May know: nothing of ours. Rooms that report progress do not know it either: they tell a listener, and a command hands
them the console. To add a kind of progress: a method there, and what it means in a line of a log
(`tests/host/terminal/test_console.py`).
"""

from host.terminal.bar import drawn_bar
from host.terminal.console import Console, can_be_drawn_on
from host.terminal.fit import fitted, for_terminal
from host.terminal.minute_lines import MinuteLines
from host.terminal.percent import percent, percent_floor, percent_interval, percent_text
from host.terminal.table import table

__all__ = [
    "Console",
    "MinuteLines",
    "can_be_drawn_on",
    "drawn_bar",
    "fitted",
    "for_terminal",
    "percent",
    "percent_floor",
    "percent_interval",
    "percent_text",
    "table",
]
