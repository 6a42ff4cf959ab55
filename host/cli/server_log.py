"""A server's log on stderr, which never keeps the server waiting."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from queue import Full, Queue
from threading import Thread
from types import TracebackType

_STDERR = 2
_ROOM = 1000  # lines that wait to be written; what comes then is let go
_LEAVE_S = 1.0  # for what still waits at the end


class ServerLog:
    """Lines are written by a thread of their own: a terminal that is stopped, or a pipe that nobody reads, stops it
    alone.
    """

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._encoding = sys.stderr.encoding
        self._lines: Queue[str | None] = Queue(_ROOM)
        self._thread = Thread(target=self._write, name="log", daemon=True)
        self._thread.start()

    def say(self, line: str) -> None:
        with suppress(Full):
            self._lines.put_nowait(line)

    def __enter__(self) -> ServerLog:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(Full):
            self._lines.put_nowait(None)
        self._thread.join(_LEAVE_S)

    def _write(self) -> None:
        while (line := self._lines.get()) is not None:
            left = f"{self._prefix}{line}\n".encode(self._encoding, "backslashreplace")
            with suppress(OSError):  # closed, full, or its reader is gone: the server goes on
                # Not by sys.stderr: it would stay locked while this waits, and Python could not end.
                while left:
                    left = left[os.write(_STDERR, left) :]
