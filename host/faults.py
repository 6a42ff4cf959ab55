"""Which errors say nothing of what was asked: passing faults of the machine that it happened to run on."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError
from importlib.util import find_spec

NOWHERE = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG)  # where a name leads that no file has
_PASSING = (
    *(errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EAGAIN, errno.EINTR),
    *(errno.ESTALE, errno.ETIMEDOUT, errno.ENOLCK, errno.EBUSY, errno.EPIPE, errno.ECONNRESET),
)
_WORDS = (*map(os.strerror, (errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EIO)), "can't start new thread")
_OTHERS = ("distributed", "pyo3_runtime")  # Dask's own errors tell of workers that it has lost, Rust's of panics
_RUST = "pydantic_core"


def is_passing(error: BaseException) -> bool:
    """Whether the same task may well succeed elsewhere or later: the error, or what it was raised about, says so."""
    return any(_passing(each) for each in _chain(error))


def is_of_the_system(error: BaseException) -> bool:
    """Whether the system refused something, at the error or at what it was raised about, though the file is there."""
    return any(
        isinstance(each, MemoryError) or (isinstance(each, OSError) and each.errno not in (None, *NOWHERE))
        for each in _chain(error)
    )


def _passing(error: BaseException) -> bool:
    if isinstance(error, OSError) and error.errno is not None:
        return error.errno in _PASSING
    if isinstance(error, MemoryError | SystemError):  # the latter: C code that found none and forgot to say so
        return True
    if isinstance(error, ImportError):
        return _says_so(error) or _is_of_what_is_there(error)
    # A thread that cannot be started has no number; in Rust an allocation that failed is no error, but a panic, and one
    # that failed in Python below it a word of its own error.
    package = type(error).__module__.partition(".")[0]
    said = isinstance(error, RuntimeError) and _says_so(error)
    return said or package in _OTHERS or (package == _RUST and MemoryError.__name__ in str(error))


def _says_so(error: BaseException) -> bool:
    return any(words in str(error) for words in _WORDS)


def _is_of_what_is_there(error: ImportError) -> bool:
    """Whether what was imported can be found now: a file that Python's importer cannot read it takes for missing."""
    if isinstance(error, PackageNotFoundError):  # asked for are versions of what was imported
        return True
    try:
        return isinstance(error, ModuleNotFoundError) and find_spec(error.name or "") is not None
    except (ImportError, ValueError):
        return False


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and what was being handled when it was raised, told or not."""
    seen: set[int] = set()
    each: BaseException | None = error
    while each is not None and id(each) not in seen:
        seen.add(id(each))
        yield each
        each = each.__cause__ or each.__context__
