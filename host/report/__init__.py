"""A sweep or a run as one self-contained HTML page, and a sweep's rows as CSV or Parquet. No script, nothing loaded.

Read, in this order:

    question     what a stored sweep asked; `commands`: the commands that ask it again
    population   per point the accuracies of its dies and sums of what they did, in one pass; `panels`: what is drawn
    scale, svg   from values to places, and a drawing as text; `chart`: curves, bars, histograms of these
    numbers      which numbers go into which chart; `limits`: what met its limit; `study`: a sensitivity study
    sweep_page   what the template of a sweep is given; `run_page`: that of a run
    page         fills the templates: base, macros, sweep, study, run, and style.css
    write        checks all names first, then writes whole files; `export`: rows for other programs

May know: `studies`, `sweep`, `run`, `data`, `link.traffic` and `terminal` for their words, `settings`, errors, files.
Never a chip, and never a command's flags: what is shown is what was stored.

To add a figure: numbers in `numbers`, drawing in `chart`, place in sweep.html or run.html. Every figure has a table
with the same numbers and the command that makes it again; its colours have marks besides. The tests are in
`tests/host/report/`: pages are opened in a headless Chromium, and skipped with a word where there is none.
"""

from host.report.export import columns, records
from host.report.run_facts import run_checks, run_result
from host.report.write import Written, write_run, write_sweep

__all__ = [
    "Written",
    "columns",
    "records",
    "run_checks",
    "run_result",
    "write_run",
    "write_sweep",
]
