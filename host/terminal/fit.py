"""Text for a terminal of some width: sentences are wrapped, tables too wide for it shown in parts, one below another.

What is written to a file or a pipe stays as it is: whoever reads it there has tools for lines of any length.
"""

from __future__ import annotations

import re
import shutil
import sys
import textwrap

_COMMAND = re.compile(r"\bchipsim [a-z]")  # to be copied as a whole: the terminal itself breaks it
_GAP = re.compile(r"(?<=\S) {2,}(?=\S)")
_PROSE = 4  # words of a cell that may be broken
_HANGING = 4  # spaces more than the line begins with


def for_terminal(text: str) -> str:
    """`text` as stdout's terminal has room for it; the same text where stdout is no terminal."""
    return fitted(text, shutil.get_terminal_size().columns) if sys.stdout.isatty() else text


def fitted(text: str, width: int) -> str:
    """No line is wider than `width`, but for single words that are, and commands."""
    lines, told = text.split("\n"), []
    while lines:
        n = _rows_of_table(lines)
        shown = _in_parts(lines[:n], width) if n > 1 and max(map(len, lines[:n])) > width else None
        if shown is None:
            n, shown = 1, _wrapped(lines[0], width)
        told += shown
        del lines[:n]
    return "\n".join(told)


def _wrapped(line: str, width: int) -> list[str]:
    """The line, the following ones below the last column that begins in the first half, or a little further in."""
    if len(line) <= width or _COMMAND.search(line):
        return [line]
    begins = [gap.end() for gap in _GAP.finditer(line) if gap.end() <= width // 2]
    below = begins[-1] if begins else len(line) - len(line.lstrip()) + _HANGING
    return textwrap.wrap(
        line, width, subsequent_indent=" " * below, break_long_words=False, break_on_hyphens=False, expand_tabs=False
    )


def _rows_of_table(lines: list[str]) -> int:
    """How many lines from the first one on stand in three columns or more."""
    n = 0
    while n < len(lines) and lines[n] and len(_columns(lines[: n + 1])) > 2:
        n += 1
    return n


def _columns(lines: list[str]) -> list[slice]:
    """Between what is blank in all lines for two places or more."""
    filled = "".join(
        " " if all(place >= len(line) or line[place] == " " for line in lines) else "x"
        for place in range(max(map(len, lines)))
    )
    return [slice(*found.span()) for found in re.finditer(r"x+( x+)*", filled)]


def _in_parts(lines: list[str], width: int) -> list[str] | None:
    """As many columns beside the first one as there is room for, then the others; None if that does not help."""
    first, *others = _columns(lines)
    if any(len(line[column].split()) >= _PROSE for line in lines for column in others):
        return None
    parts: list[list[str]] = []
    for column in others:
        room = width - (len(parts[-1][0]) + 2 if parts else width)
        cells = [line[column].ljust(column.stop - column.start) for line in lines]
        if room < len(cells[0]):
            parts.append([line[: first.stop].ljust(first.stop) for line in lines])
        parts[-1] = [f"{begun}  {cell}" for begun, cell in zip(parts[-1], cells, strict=True)]
        if len(parts[-1][0]) > width:
            return None
    told: list[str] = []
    for part in parts:
        told += [*([""] if told else []), *(line.rstrip() for line in part)]
    return told
