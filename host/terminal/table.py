"""Columns of text. rich has tables, too, but takes a tenth of a second to import, and cuts lines in a pipe."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain, zip_longest

_GAP = "  "


def table(
    rows: Iterable[Sequence[str]], head: Sequence[str] | None = None, *, align: str = "<>", indent: int = 0
) -> list[str]:
    """Lines as wide as they have to be, without trailing spaces; a row may end early.

    align: < (to the left) or > (to the right) for each column, the last one for all that follow.
    """
    cells = [list(row) for row in chain(() if head is None else (head,), rows)]
    widths = [max(map(len, column)) for column in zip_longest(*cells, fillvalue="")]
    sides = align + align[-1] * (len(widths) - len(align))
    return [
        (
            " " * indent
            + _GAP.join(f"{cell:{side}{width}}" for cell, side, width in zip(row, sides, widths, strict=False))
        ).rstrip()
        for row in cells
    ]
