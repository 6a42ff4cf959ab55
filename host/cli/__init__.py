"""The command line: a file per command, and what commands share.

Read `commands` (the table of commands, and how every mistake ends in one line), `groups` (options under headings,
commands that are loaded when asked for), `options` (what commands share, and what errors become), `run_options` (flags
from the settings' fields), `chip_location` (where the die is), then any command: `run`, `sweep`, `trace`, `compare`,
`limit`, `die_yield`, `sensitivity`, `report`, `check`, `spec`, `teacher`, `nir`, `data`, `lists` (noise, methods),
`serve` with its `server_log`, `bench`, `doctor` with its `diagnosis`. `ctrl_c` and `interrupted` see to Ctrl-C,
`streams` to what cannot be printed, `quick_imports` to the time to the first line.

May know: everything. But only `click` and light settings at the head of a file; what a command needs is imported inside
it, so that ``chipsim --help`` answers at once. No room below may know it.

To add a command: a file here with the command and an example in its docstring, a line in the table of `commands`, what
it prints in `host/cli/text` or in the room that found it out. It takes ``--json`` and then prints one object.
`tests/host/cli/test_cli.py` sees that help imports nothing heavy; a test of the command's own goes beside it, with a
case in `test_bad_input.py` for each mistake that a user can make.
"""

from host.cli.commands import cli, main
from host.cli.options import usable_cores

__all__ = [
    "cli",
    "main",
    "usable_cores",
]
