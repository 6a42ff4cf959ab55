"""A figure whose panels are placed in inches: finding their places by laying out all text would take as long again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Span = tuple[float, float]  # begin and length in inches, from the left or from the top

_POINTS = 11.0  # of the title
_LINE = 0.19  # inches that a line of it takes


def spans(begin: float, end: float, ratios: Sequence[float], gaps: Sequence[float]) -> list[Span]:
    """Stretches between `begin` and `end`, as long as `ratios` say, with `gaps` between them; all in inches."""
    unit = (end - begin - sum(gaps)) / sum(ratios)
    found = []
    for ratio, gap in zip(ratios, (*gaps, 0.0), strict=True):
        found.append((begin, ratio * unit))
        begin += ratio * unit + gap
    return found


class Sheet:
    """A figure with a title above its panels."""

    def __init__(self, width: float, height: float, title: Sequence[str]) -> None:
        """width: inches, height: those below the title; title: its lines, the names in it the user's."""
        from matplotlib.figure import Figure

        self.top = 0.1 + _LINE * len(title)  # where the title ends, in inches from the top
        self.width, self.height = width, self.top + height
        self.figure: Figure = Figure((self.width, self.height))
        # parse_math: a dollar sign in a name is no mathematics.
        self.figure.suptitle("\n".join(title), y=1 - 0.05 / self.height, va="top", fontsize=_POINTS, parse_math=False)

    def axes(self, across: Span, down: Span, **options: Any) -> Axes:
        """Axes at this place, unframed above and at the right. Give their title y=1, or its place is looked for."""
        rect = (
            across[0] / self.width,
            1 - sum(down) / self.height,
            across[1] / self.width,
            down[1] / self.height,
        )
        made = self.figure.add_axes(rect, **options)
        made.spines[["top", "right"]].set_visible(False)
        return made
