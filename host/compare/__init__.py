"""Methods side by side on the same dies, data and seeds: accuracy, and what each of them takes.

Read `simulate` (which chips are needed), `training_cost`, `numbers` (the figures), then `table`, `paired` (whether two
methods differ, by dies and images), `judgement` (where on-chip learning loses, in sentences), `plot`, and `run`, which
does it all.

May know: `studies` and `sweep` for the chips, `methods`, `run`, `settings`, `plots` for colours, `terminal`, files;
`chipsim.cost` and `chipsim.physical` for time and energy.

To add a figure: a field in `numbers` from what a run's summary says, a column in `table`, a sentence in `judgement` if
more of it is worse. The test is `tests/host/compare/test_compare.py`: the figure by hand, and a verdict against on-chip
learning where it loses.
"""

from host.compare.judgement import MARGIN, verdict
from host.compare.plot import draw
from host.compare.run import Comparison, compare
from host.compare.simulate import methods
from host.compare.table import HEAD, NOTES, accuracy_lines, cells, markdown_lines, plain_lines, unanswered_lines

__all__ = [
    "HEAD",
    "MARGIN",
    "NOTES",
    "Comparison",
    "accuracy_lines",
    "cells",
    "compare",
    "draw",
    "markdown_lines",
    "methods",
    "plain_lines",
    "unanswered_lines",
    "verdict",
]
