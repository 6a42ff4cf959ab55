"""Teachers' files are opened only if they are files, and no larger than makes sense: no pipe, no device, no folder."""

from __future__ import annotations

import hashlib
import io
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from host.errors import TeacherError


@contextmanager
def opened(path: Path, most_bytes: int) -> Iterator[io.BufferedReader]:
    """The file, to read. Raises TeacherError."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # a pipe is not waited for
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise TeacherError(f"teacher {path} cannot be read: {reason}; name an .onnx or .nir file") from None
    facts = os.fstat(handle)
    if not stat.S_ISREG(facts.st_mode) or facts.st_size > most_bytes:
        os.close(handle)
        why = "it is no regular file"
        if stat.S_ISREG(facts.st_mode):
            why = f"it has {facts.st_size:,} bytes, and at most {most_bytes:,} are read"
        raise TeacherError(f"teacher {path} cannot be read: {why}; name an .onnx or .nir file")
    with open(handle, "rb") as stream:
        yield stream


def content_of(path: Path, most_bytes: int) -> bytes:
    """Raises TeacherError."""
    with opened(path, most_bytes) as stream:
        try:
            return stream.read()
        except OSError as error:
            raise TeacherError(f"teacher {path} cannot be read: {error.strerror}") from None


def digest_of_bytes(path: Path, most_bytes: int) -> str:
    """Sixteen hex digits over a file's bytes. Raises TeacherError."""
    with opened(path, most_bytes) as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()[:16]
