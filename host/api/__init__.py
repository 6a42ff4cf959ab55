"""The commands as functions, for scripts and notebooks: `import chipsim` hands them on as its own.

Read, in this order:

    settings      what each setting may be, as arguments; written by tests/support/typed_settings.py
    given         arguments become overrides of a spec; mistakes become one line; help spells settings out
    shown         what all that comes back has in common: ten lines, HTML, a table
    one_run       `run`, `load_run`
    grid          `sweep`, with `population_plot`
    limit_search  `limit`; `comparison`: `compare`; `one_trace`: `trace`; `design_check`: `check`

API.md is the page for users. May know: everything, of commands only their words (`host.cli.text`). No room may know it,
but for the face of `chipsim`, which looks its names up when they are asked for.

To add a setting: a flag in `host.settings.flags`, then tests/support/typed_settings.py --write. To add a function: a
file here, its name in `chipsim/__init__.py`, a section of API.md; what it returns is `Shown`. The tests are in
`tests/host/api/`; `typed_use.py` there is a user's script that mypy looks at.
"""

from host.api.comparison import CompareOutcome, compare
from host.api.design_check import CheckOutcome, check
from host.api.grid import SweepOutcome, sweep
from host.api.limit_search import LimitOutcome, limit
from host.api.one_run import Accuracies, RunOutcome, load_run, run
from host.api.one_trace import TraceOutcome, trace
from host.api.settings import Settings

__all__ = [
    "Accuracies",
    "CheckOutcome",
    "CompareOutcome",
    "LimitOutcome",
    "RunOutcome",
    "Settings",
    "SweepOutcome",
    "TraceOutcome",
    "check",
    "compare",
    "limit",
    "load_run",
    "run",
    "sweep",
    "trace",
]
