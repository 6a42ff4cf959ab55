"""One writer per sweep database: a lock that ends with its process, however that ends."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import time
from datetime import UTC, datetime
from pathlib import Path

from host.errors import SweepError

_PATIENCE_S = 1.0  # for whoever has taken the lock to write down who it is


class WriterLock:
    """Held from `take` to `release`, in a small file beside the database that says who holds it.

    SQLite's own locks are no use here: it takes them for one transaction at a time, and drops them all when anything
    in this process closes the same file.
    """

    def __init__(self, path: Path, handle: int) -> None:
        self._path = path
        self._handle = handle

    @staticmethod
    def take(database: Path) -> WriterLock:
        """Raises SweepError naming the holder if somebody else writes; OSError if no file can be made there."""
        path = database.with_name(f"{database.name}.lock")
        while True:
            handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if _same_file(handle, path):  # else its last holder has just removed it
                    holder = {"pid": os.getpid(), "host": socket.gethostname(), "since": _now()}
                    os.ftruncate(handle, 0)
                    os.pwrite(handle, json.dumps(holder).encode(), 0)
                    return WriterLock(path, handle)
            except BlockingIOError:
                who = _holder(handle)
                os.close(handle)
                raise SweepError(
                    f"{database} is being written by {who}: wait until it ends, or name another --out"
                ) from None
            except BaseException:
                os.close(handle)
                raise
            os.close(handle)

    def release(self) -> None:
        self._path.unlink(missing_ok=True)
        os.close(self._handle)


def _same_file(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), os.stat(path))
    except FileNotFoundError:
        return False


def _holder(handle: int) -> str:
    give_up = time.monotonic() + _PATIENCE_S
    while time.monotonic() < give_up:
        try:
            holder = json.loads(os.pread(handle, 4096, 0))
            return f"process {holder['pid']} on {holder['host']} since {holder['since']}"
        except ValueError:  # not yet written
            time.sleep(0.01)
    return "another process"


def _now() -> str:
    return datetime.now(UTC).astimezone().isoformat(timespec="seconds")
