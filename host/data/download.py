"""A file from the first of its mirrors that has it: whole, of the right content, or not there at all.

What has come before a connection broke is kept in a hidden file beside, and asked again it goes on from there, at
whichever mirror. `pooch` holds the file against its SHA-256 and puts it in its place; what comes over the wire is read
here, since pooch itself begins anew each time.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from host.data.mirrors import RemoteFile
from host.errors import DataError
from host.lock import InUseError, Lock

Progress = Callable[[int, int, str], None]  # bytes that are there, of how many, of what

CONNECT_S = 10.0  # how long a mirror may take to answer
PATIENCE_S = 30.0  # how long it may be silent, or slower than this:
SLOWEST = 1024  # bytes per second
_PIECE = 1 << 16
_WHOLE, _REST, _NO_REST = 200, 206, 416  # HTTP: all of it, the range asked for, no such range


class _MirrorError(Exception):
    """Why a mirror did not do, in a few words."""


class _MisfitError(_MirrorError):
    """What came does not go with what was there."""


def download(file: RemoteFile, folder: Path, progress: Progress) -> str:
    """Put `file` into `folder`, which is there; the address that it came from. Raises DataError if no mirror has it."""
    if not file.mirrors:
        raise DataError(f"{file.name} has no address to get it from")
    try:
        lock = Lock.take(folder / f".{file.name}.lock")
    except InUseError as error:
        raise DataError(f"{folder / file.name} is being got by {error.holder}; wait for it") from None
    failures = []
    try:
        for mirror in file.mirrors:
            address = mirror + file.name
            try:
                _from(address, file, folder, progress)
                return address
            except _MirrorError as error:
                failures.append(f"{address}: {error}")
        kept = _size(_partial(file, folder))
    finally:
        lock.release()
    said = f" ({kept:,} of {file.n_bytes:,} bytes are kept, asked again it goes on from there)" if kept else ""
    raise DataError(f"{file.name} cannot be got{said}: {'; '.join(failures)}; --offline says what to put where")


def _from(address: str, file: RemoteFile, folder: Path, progress: Progress) -> None:
    """Raises _MirrorError. What does not fit an older beginning is no fault of the mirror's: all of it is asked for."""
    partial = _partial(file, folder)
    have = _size(partial)
    if have > file.n_bytes:
        have = 0
    try:
        _retrieve(address, file, partial, have, progress)
    except _MisfitError:
        if not have:
            raise
        _retrieve(address, file, partial, 0, progress)


def _retrieve(address: str, file: RemoteFile, partial: Path, have: int, progress: Progress) -> None:
    """have: from which byte of `partial` on to go. Raises _MirrorError."""
    import pooch  # a fifth of a second

    if have < file.n_bytes:
        _receive(address, file, partial, have, progress)
    pooch.get_logger().setLevel("WARNING")

    def move(url: str, out: str, _: Any) -> None:
        os.replace(partial, out)

    try:
        pooch.retrieve(address, f"sha256:{file.sha256}", file.name, partial.parent, downloader=move)
    except ValueError:  # as pooch says that hashes differ; what came is gone
        raise _MisfitError("it sends something else, of another SHA-256") from None


def _receive(address: str, file: RemoteFile, partial: Path, have: int, progress: Progress) -> None:
    """Add to `partial`, from byte `have` on, what it lacks. Raises _MirrorError."""
    import requests
    from urllib3.exceptions import HTTPError, ProtocolError

    # Bytes as they are stored: a server that says a .gz file is packed would have it unpacked.
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    try:
        with requests.get(address, headers=headers, stream=True, timeout=(CONNECT_S, PATIENCE_S)) as answer:
            begin = _beginning(answer, file, have)
            with open(partial, "r+b" if begin else "wb") as out:
                out.seek(begin)
                _copy(answer.raw, out, begin, file, progress)
    except ProtocolError:
        raise _broken_off(_size(partial), file) from None
    except (requests.RequestException, HTTPError) as error:
        raise _MirrorError(_in_words(error)) from None


def _beginning(answer: Any, file: RemoteFile, have: int) -> int:
    """At which byte what follows begins. Raises _MirrorError if it cannot be that file."""
    status, headers = answer.status_code, answer.headers
    if status == _WHOLE:
        said = headers.get("Content-Length", "")
        if said.isdecimal() and int(said) != file.n_bytes:
            raise _MirrorError(f"it sends something else, {int(said):,} bytes and not {file.n_bytes:,}")
        return 0
    if have and status == _REST and headers.get("Content-Range") == f"bytes {have}-{file.n_bytes - 1}/{file.n_bytes}":
        return have
    if have and status in (_REST, _NO_REST):
        raise _MisfitError("it does not send the rest of a file")
    raise _MirrorError(f"{status} {answer.reason}")


def _copy(raw: Any, out: Any, have: int, file: RemoteFile, progress: Progress) -> None:
    """Raises _MirrorError if too few bytes come, too many, or too slowly. What has come stays."""
    since, then = time.monotonic(), have
    while piece := raw.read1(_PIECE, decode_content=False):
        have += len(piece)
        if have > file.n_bytes:
            out.truncate(0)
            raise _MisfitError(f"it sends something else, more than {file.n_bytes:,} bytes")
        out.write(piece)
        progress(have, file.n_bytes, f"{file.name}, bytes")
        now = time.monotonic()
        if now - since > PATIENCE_S:
            if have - then < SLOWEST * (now - since):
                raise _MirrorError(f"slower than {SLOWEST:,} bytes per second for {PATIENCE_S:g} s")
            since, then = now, have
    if have < file.n_bytes:
        raise _broken_off(have, file)
    out.flush()
    os.fsync(out.fileno())


def _broken_off(have: int, file: RemoteFile) -> _MirrorError:
    return _MirrorError(f"it broke off after {have:,} of {file.n_bytes:,} bytes")


def _in_words(error: Exception) -> str:
    import requests

    if isinstance(error, requests.exceptions.SSLError):
        return "its certificate is not trusted here"
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return f"no answer within {CONNECT_S:g} s"
    if "timed out" in str(error):
        return f"silent for {PATIENCE_S:g} s"
    cause: BaseException | None = error
    while cause is not None:  # a library's words hide the system's own
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror
        inner = [each for each in cause.args if isinstance(each, BaseException)]
        cause = getattr(cause, "reason", None) or cause.__cause__ or (inner[0] if inner else None)
        cause = cause if isinstance(cause, BaseException) else None
    if isinstance(error, requests.exceptions.ConnectionError):
        return "it cannot be reached"
    return " ".join(str(error).split())[:200] or type(error).__name__


def _partial(file: RemoteFile, folder: Path) -> Path:
    return folder / f".{file.name}.part"


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0
