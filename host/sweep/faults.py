"""Which errors say nothing of a task: passing faults of the machine that it happened to run on."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator

_PASSING = (
    *(errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EAGAIN, errno.EINTR),
    *(errno.ESTALE, errno.ETIMEDOUT, errno.ENOLCK, errno.EBUSY, errno.EPIPE, errno.ECONNRESET),
)
_WORDS = (*map(os.strerror, (errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EIO)), "can't start new thread")


_CLUSTER = "distributed"  # whose own errors tell of workers that it has lost


def is_passing(error: BaseException) -> bool:
    """Whether the same task may well succeed elsewhere or later: the error, or what it was raised about, says so."""
    return any(_passing(each) for each in _chain(error))


def _passing(error: BaseException) -> bool:
    if isinstance(error, OSError) and error.errno is not None:
        return error.errno in _PASSING
    # A library that cannot be loaded, a thread that cannot be started: they have no number.
    said = isinstance(error, ImportError | RuntimeError) and any(words in str(error) for words in _WORDS)
    return isinstance(error, MemoryError) or said or type(error).__module__.partition(".")[0] == _CLUSTER


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and what was being handled when it was raised, told or not."""
    seen: set[int] = set()
    each: BaseException | None = error
    while each is not None and id(each) not in seen:
        seen.add(id(each))
        yield each
        each = each.__cause__ or each.__context__
