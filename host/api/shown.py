"""What everything that comes back has in common: it prints in ten lines, as text and as HTML, and becomes a table."""

from __future__ import annotations

import io
from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import partial
from html import escape
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

from host.errors import SettingError, printable
from host.terminal import table

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pandas import DataFrame

LINES = 10
_WIDTH = 110
_MOST_NOTES = 3
_MOST_HTML_ROWS = 20
_SIDES = {"<": "left", ">": "right"}


class Summary(NamedTuple):
    """What is said of a result."""

    title: str
    head: Sequence[str]  # empty: the rows need none
    rows: Sequence[Sequence[str]]
    notes: Sequence[str] = ()
    align: str = "<>"  # see host.terminal.table


class Shown(ABC):
    """Something that comes back."""

    @abstractmethod
    def _summary(self) -> Summary:
        """What is said of it, whatever shows it."""

    @abstractmethod
    def _records(self) -> list[dict[str, Any]]:
        """The rows of its table."""

    def table(self) -> DataFrame:
        """Everything as a pandas table. Raises UserError if pandas is not installed."""
        return frame(self._records())

    def __repr__(self) -> str:
        told = self._summary()
        notes = list(told.notes[:_MOST_NOTES])
        room = LINES - 1 - bool(told.head) - len(notes)
        rows, more = list(told.rows), []
        if len(rows) > room:
            more = [f"  and {len(rows) - room + 1:,} more rows: see table()"]
            rows = rows[: room - 1]
        lines = [told.title, *table(rows, told.head or None, align=told.align, indent=2), *more, *notes]
        return "\n".join(_cut(line) for line in lines)

    def _repr_html_(self) -> str:
        told = self._summary()
        rows, left = told.rows[:_MOST_HTML_ROWS], len(told.rows) - _MOST_HTML_ROWS
        head = f"<thead>{_row(told.head, 'th', told.align)}</thead>" if told.head else ""
        body = "".join(_row(row, "td", told.align) for row in rows)
        notes = [*([f"and {left:,} more rows: see table()"] if left > 0 else []), *told.notes]
        below = f"<p>{'<br>'.join(map(_html, notes))}</p>" if notes else ""
        return f"<div><p>{_html(told.title)}</p><table>{head}<tbody>{body}</tbody></table>{below}</div>"


def frame(records: list[dict[str, Any]]) -> DataFrame:
    """Raises SettingError without pandas."""
    try:
        pandas = import_module("pandas")
    except ImportError:
        raise SettingError("a table needs pandas, which is not installed: pip install 'chipsim[pandas]'") from None
    made: DataFrame = pandas.DataFrame.from_records(records)
    return made


def shown_in_notebooks(figure: Figure) -> Figure:
    """The same figure, which a notebook draws although pyplot does not know it."""
    setattr(figure, "_repr_png_", partial(_png, figure))  # noqa: B010 (no attribute that the class declares)
    return figure


def _png(figure: Figure) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=100)
    return buffer.getvalue()


def _row(cells: Sequence[str], tag: str, align: str) -> str:
    """A notebook's own style has all of them to the right."""
    sides = align + align[-1] * len(cells)
    made = (
        f'<{tag} style="text-align: {_SIDES[side]}">{_html(cell)}</{tag}>'
        for cell, side in zip(cells, sides, strict=False)
    )
    return f"<tr>{''.join(made)}</tr>"


def _html(text: str) -> str:
    return escape(printable(text))


def _cut(line: str) -> str:
    """Names in it are the user's: nothing that a terminal would act on, and not without end."""
    safe = printable(line)
    return safe if len(safe) <= _WIDTH else f"{safe[: _WIDTH - 3]}..."
