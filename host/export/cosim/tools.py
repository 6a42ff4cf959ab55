"""Programs of others that an export is checked with: which are installed, what to install, and how one is run."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

# Program -> Debian package.
PACKAGES = {
    "iverilog": "iverilog",
    "vvp": "iverilog",
    "verilator": "verilator",
    "yosys": "yosys",
    "yosys-smtbmc": "yosys",
    "z3": "z3",
}
CELLS = Path("/usr/share/qflow/tech/osu018/osu018_stdcells")  # with .lib and .v
CELLS_PACKAGE = "qflow-tech-osu018"
_MEMORY_KIB = 4 << 20
_KEPT = 4000  # characters of what a program said


@dataclass(frozen=True)
class Ended:
    """What came of a program."""

    status: int | None  # None: it ran past its limit
    said: str  # on both streams, the end of it

    @property
    def ok(self) -> bool:
        return self.status == 0


def missing(*programs: str) -> str | None:
    """What to install for the programs that are not here; None if all are."""
    packages = sorted({PACKAGES[name] for name in programs if shutil.which(name) is None})
    return f"apt-get install {' '.join(packages)}" if packages else None


def missing_cells(cells: Path) -> str | None:
    """What to install for a library of cells; None if it is there."""
    if all(cells.with_name(f"{cells.name}.{end}").is_file() for end in ("lib", "v")):
        return None
    return (
        f"apt-get install {CELLS_PACKAGE}, or name another with --cells"
        if cells == CELLS
        else f"there is no {cells}.lib"
    )


def call(command: Sequence[str | Path], folder: Path, limit_s: float) -> Ended:
    """Run a program in a folder. What it says is text of a tool: it is shown, never obeyed.

    It has so much time and memory, with all that it starts: of a circuit with a slip, such as a width below zero, some
    tools build a memory without an end.
    """
    bounded = ["sh", "-c", f'ulimit -v {_MEMORY_KIB}; exec "$@"', "sh", *map(str, command)]
    process = subprocess.Popen(
        bounded,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        said = b"".join(process.communicate(timeout=limit_s)).decode(errors="replace")
    except subprocess.TimeoutExpired:
        _end(process)
        return Ended(None, f"no end after {limit_s:g} s")
    except BaseException:
        _end(process)
        raise
    return Ended(process.returncode, said[-_KEPT:])


def _end(process: subprocess.Popen[bytes]) -> None:
    """With all that it has started, which would hold its streams open."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
