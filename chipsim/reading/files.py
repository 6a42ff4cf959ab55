"""Ordinary files, read within bounds, and the text in them."""

from __future__ import annotations

import codecs
import os
import stat
from pathlib import Path
from typing import BinaryIO

TEXT_LIMIT = 1 << 20  # bytes; a run's settings with a chip and a measured curve are a fiftieth of it

_KINDS = (
    (stat.S_ISDIR, "Is a directory"),  # in the system's own words
    (stat.S_ISFIFO, "it is a pipe, not a file; write what comes out of it to a file first"),
    (stat.S_ISCHR, "it is a device, not a file"),
    (stat.S_ISBLK, "it is a device, not a file"),
    (stat.S_ISSOCK, "it is a socket, not a file"),
)


class UnreadableError(ValueError):
    """Why a file cannot be read."""


class NoTextError(UnreadableError):
    """Why what a file holds is no text."""


def expanded(path: str) -> Path:
    """`path` with ~ or ~NAME as the home folder. Raises UnreadableError if there is no such home."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        raise UnreadableError(
            f"there is no home folder {path.partition('/')[0]}; write the path from the root"
        ) from None


def open_file(path: str | Path) -> BinaryIO:
    """The ordinary file at `path` or at the end of its links. Raises UnreadableError."""
    try:
        _refuse_others(os.stat(path).st_mode)  # before it is opened, which a device may notice
        # Should it have become a pipe meanwhile, opening it does not wait for a writer.
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | getattr(os, "O_NONBLOCK", 0))
    except OSError as error:
        raise UnreadableError(error.strerror) from None
    except UnreadableError:
        raise
    except ValueError:  # a NUL, or half a character
        raise UnreadableError("no file can have this name") from None
    file = os.fdopen(handle, "rb")
    try:
        _refuse_others(os.fstat(handle).st_mode)
    except UnreadableError:
        file.close()
        raise
    return file


def read_bytes(path: str | Path, limit: int) -> bytes:
    """All of an ordinary file. Raises UnreadableError, also if it holds more than `limit` bytes."""
    with open_file(path) as file:
        try:
            content = file.read(limit + 1)
        except OSError as error:
            raise UnreadableError(error.strerror) from None
    if len(content) > limit:
        raise UnreadableError(f"it holds more than {limit:,} bytes")
    return content


def read_text(path: str | Path, limit: int = TEXT_LIMIT) -> str:
    """The text of an ordinary file in UTF-8. Raises UnreadableError, NoTextError."""
    return text_of(read_bytes(path, limit))


def text_of(content: bytes) -> str:
    """UTF-8 with or without a byte order mark, lines ended in any way. Raises NoTextError, naming UTF-16."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise NoTextError("it is text in UTF-16, as PowerShell's > writes it; save it as UTF-8")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise NoTextError(f"it is no text in UTF-8 (byte {error.start:,}); save it as UTF-8") from None
    if "\0" in text:
        raise NoTextError("it holds NUL characters, as UTF-16 does and no text in UTF-8; save it as UTF-8")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _refuse_others(mode: int) -> None:
    for is_one, words in _KINDS:
        if is_one(mode):
            raise UnreadableError(words)
