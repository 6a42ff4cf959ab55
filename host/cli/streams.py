"""Keeps what a command says from ending what it does.

A log's disk fills up, a pager is left, a daemon is started with its streams closed: no reason to lose a run, or the
dies of a server. What stderr does not take is let go. What stdout does not take is let go, too, and told at the end.
"""

from __future__ import annotations

import codecs
import errno
import io
import os
import sys
from collections.abc import Callable
from typing import Any

_STDIN, _STDOUT, _STDERR = 0, 1, 2
_IN_PLAIN_LETTERS = "chipsim.plain"
_PLAIN = str.maketrans({"\u2026": "...", "\u00b5": "u", "\u207b": "^-", "\u00b3": "3", "\u2018": "'", "\u2019": "'"})


class _Kept(io.RawIOBase):
    """A stream that takes whatever it is given. `lost`: why something has not gone out."""

    def __init__(self, raw: Any, tries_again: bool) -> None:
        """tries_again: what comes after something that was lost goes out, if it can."""
        self._raw = raw
        self._tries_again = tries_again
        self.lost: OSError | None = None

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        if self.lost is None or self._tries_again:
            try:
                written: int | None = self._raw.write(data)
                if written is None:  # nobody may wait here
                    raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
                return written
            except OSError as error:
                self.lost = error
        return len(data)

    def fileno(self) -> int:
        return int(self._raw.fileno())

    def isatty(self) -> bool:
        return bool(self._raw.isatty())


def keep_streams() -> Callable[[], OSError | None]:
    """From now on no print fails, whatever is written and wherever. Returns what says why the output was lost, if so.

    Letters that a terminal's code page lacks are written in plain ones, or as escapes.
    """
    _fill_closed_places()
    output = _kept(sys.stdout, _STDOUT, tries_again=False)
    if sys.stdout is sys.__stdout__:  # and nobody has put another in its place
        sys.stdout = _text(output, sys.stdout, line_buffering=output.isatty())
    if sys.stderr is sys.__stderr__:
        sys.stderr = _text(_kept(sys.stderr, _STDERR, tries_again=True), sys.stderr, line_buffering=True)
    return lambda: output.lost


def _fill_closed_places() -> None:
    """A file that is opened must not get the number of a stream that is closed, or a library's warning ends up in it.

    The output's place is opened for reading, so that writing to it fails as it does where it is closed.
    """
    for number, mode in ((_STDIN, os.O_RDONLY), (_STDOUT, os.O_RDONLY), (_STDERR, os.O_WRONLY)):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, mode), True)  # the lowest number that is free: this one


def _kept(stream: Any, number: int, tries_again: bool) -> _Kept:
    """stream: Python's own for that file descriptor; None if it was closed."""
    binary = getattr(stream, "buffer", None) or io.FileIO(number, "w", closefd=False)
    return _Kept(getattr(binary, "raw", binary), tries_again)


def _in_plain_letters(error: UnicodeError) -> tuple[str, int]:
    """For letters that cannot be encoded: the plain ones for those of our own texts, escapes for all others."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    plain = error.object[error.start : error.end].translate(_PLAIN)
    return plain.encode("ascii", "backslashreplace").decode("ascii"), error.end


codecs.register_error(_IN_PLAIN_LETTERS, _in_plain_letters)


def _text(kept: _Kept, stream: Any, line_buffering: bool) -> io.TextIOWrapper:
    encoding = "utf-8" if stream is None else stream.encoding
    return io.TextIOWrapper(
        io.BufferedWriter(kept), encoding=encoding, errors=_IN_PLAIN_LETTERS, line_buffering=line_buffering
    )
