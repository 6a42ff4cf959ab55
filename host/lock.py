"""One writer at a time: a lock that ends with its process, however that ends."""

from __future__ import annotations

import errno
import json
import os
import socket
import time
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

_PATIENCE_S = 1.0  # for whoever has taken the lock to write down who it is


class InUseError(Exception):
    """Somebody else holds a lock."""

    def __init__(self, holder: str) -> None:
        super().__init__(holder)
        self.holder = holder  # as in a sentence


class Lock:
    """Held from `take` to `release`, in a small file that says who holds it."""

    def __init__(self, path: Path, lock: FileLock) -> None:
        self._path = path
        self._lock = lock

    @staticmethod
    def take(path: Path) -> Lock:
        """path: the small file. Raises InUseError; OSError if no file can be made there."""
        if not path.parent.is_dir():  # older versions of filelock make the folder
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))
        # A soft lock, where a file system knows no other, would outlive a process that is killed.
        lock = FileLock(path, blocking=False, thread_local=False, fallback_to_soft=False)
        give_up = time.monotonic() + _PATIENCE_S
        while True:
            try:
                lock.acquire()
                break
            except Timeout:
                who = _holder(path)
                if who is not None or time.monotonic() > give_up:
                    raise InUseError(who or "another process") from None
            time.sleep(0.01)  # its holder has not written yet, or has just gone
        holder = {"pid": os.getpid(), "host": socket.gethostname(), "since": _now()}
        taken = Lock(path, lock)
        try:
            path.write_text(json.dumps(holder))
        except BaseException:
            taken.release()
            raise
        return taken

    def release(self) -> None:
        """The file goes while the lock is still held: filelock holds no lock on a file that has lost its name, so
        whoever has opened this one in between makes a new one.
        """
        self._path.unlink(missing_ok=True)
        self._lock.release()


def _holder(path: Path) -> str | None:
    """Who has the lock, or None if that is not written."""
    try:
        holder = json.loads(path.read_bytes())
        return f"process {holder['pid']} on {holder['host']} since {holder['since']}"
    except (OSError, ValueError, LookupError, TypeError):
        return None


def _now() -> str:
    return datetime.now(UTC).astimezone().isoformat(timespec="seconds")
