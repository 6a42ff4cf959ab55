"""What is being written beside its place: named after its process, so that what a killed one left is known and removed.

A name beside PATH is `.PATH.CHANCE.MACHINE-PROCESS.part`.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import socket
from contextlib import suppress
from functools import cache
from pathlib import Path

_NAMED = 40  # characters of a file's name in that of the one beside it
_BESIDE = re.compile(r"^\..*\.(?P<machine>[0-9a-f]{8})-(?P<process>\d+)\.part")  # and what SQLite puts beside that
_NAMESPACE = "/proc/self/ns/pid"


def ends_beside(path: Path) -> tuple[str, str]:
    """Beginning and end of the name of what this process writes beside `path`."""
    return f".{path.name[:_NAMED]}.", f".{_machine()}-{os.getpid()}.part"


def remove_left_over(folder: Path) -> list[Path]:
    """Remove what processes of this machine that were killed meanwhile have begun to write in `folder` and not
    finished. Returns what it was.
    """
    removed = []
    with suppress(OSError):  # it is in nobody's way
        for entry in os.scandir(folder):
            found = _BESIDE.search(entry.name)
            if found is None or found["machine"] != _machine() or _is_alive(int(found["process"])):
                continue
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry.path, ignore_errors=True)
            else:
                os.unlink(entry.path)
            removed.append(folder / entry.name)
    return removed


@cache
def _machine() -> str:
    """This machine, or the container in which process ids are counted."""
    with suppress(OSError):
        return hashlib.sha256(f"{socket.gethostname()} {os.stat(_NAMESPACE).st_ino}".encode()).hexdigest()[:8]
    return hashlib.sha256(socket.gethostname().encode()).hexdigest()[:8]


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:  # it is another user's
        return True
    return True
