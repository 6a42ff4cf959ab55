"""Arrays from files that others wrote: what a file says of its sizes is held against limits before room is made."""

from __future__ import annotations

import ast
import lzma
import math
import os
import re
import struct
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from chipsim.reading import UnreadableError
from host.errors import printable

GROWTH = 100  # times its own size that a file may become; images shrink to a fifth, sparse spike trains to a fiftieth
FREE = 64 << 20  # bytes that any file may become
_LONGEST_HEADER = 10_000  # characters; numpy's own limit
_CHUNK = 1 << 20
_MAGIC = b"\x93NUMPY"
_DTYPE = re.compile(r"[<>|=]?[A-Za-z?]\d{0,9}")
_LONG = re.compile(r"(\d)L\b")  # as Python 2 wrote sizes

# What zipfile and the decompressors below it raise of a damaged archive.
_DAMAGED = (
    *(OSError, EOFError, RuntimeError, ValueError, OverflowError, IndexError),
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error),
)


class Allowance:
    """The bytes that a file may become in memory: some for any, more for a large one, never more than there are."""

    def __init__(self, file_size: int) -> None:
        self._file_size = file_size
        self._limit = min(max(FREE, GROWTH * file_size), _memory())
        self._left = self._limit

    def take(self, n_bytes: int, what: str) -> None:
        """To be called before room for `n_bytes` is made. Raises UnreadableError."""
        if n_bytes > self._left:
            raise UnreadableError(
                f"{what} takes {in_bytes(n_bytes)}, and a file of {in_bytes(self._file_size)} may become"
                f" {in_bytes(self._limit)} here: it is damaged, packed too well (numpy.savez does not pack), or too"
                " large for this machine"
            )
        self._left -= n_bytes


def in_bytes(n: int) -> str:
    """A number of bytes as a person reads it."""
    for power, unit in ((60, "EiB"), (50, "PiB"), (40, "TiB"), (30, "GiB"), (20, "MiB"), (10, "KiB")):
        if n >= 1 << power:
            return f"{n / 2**power:,.1f} {unit}"
    return f"{n} bytes"


def size_of(file: BinaryIO) -> int:
    """Bytes of an open file."""
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    return size


def fill(buffer: NDArray[np.uint8], file: Any) -> int:
    """Read into `buffer` (n,) as much as there is; how many bytes that was. file: what has `readinto`."""
    view, filled = buffer.data, 0
    while filled < len(view):
        n = file.readinto(view[filled : filled + _CHUNK])
        if not n:
            break
        filled += n
    return filled


class Header(NamedTuple):
    """What the head of an array in an .npz file says."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    column_major: bool


class Npz:
    """The arrays of an .npz file, read one by one."""

    def __init__(self, archive: zipfile.ZipFile, allowance: Allowance) -> None:
        self._archive = archive
        self._allowance = allowance
        self._members = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}

    @property
    def names(self) -> list[str]:
        return list(self._members)

    def header(self, name: str) -> Header:
        """Of the array `name`; its values are not read. Raises UnreadableError."""
        with self._archive.open(self._members[name]) as file:
            return _header(file, name)[0]

    def read(self, name: str) -> NDArray[Any]:
        """The array `name`. Raises UnreadableError."""
        member = self._members[name]
        with self._archive.open(member) as file:
            header, start = _header(file, name)
            n_bytes, follow = math.prod(header.shape) * header.dtype.itemsize, member.file_size - start
            if n_bytes != follow:
                raise UnreadableError(
                    f"{name} is cut short: its header promises {header.shape} of {header.dtype}, {follow} bytes follow"
                )
            self._allowance.take(n_bytes, name)
            content = np.empty(n_bytes, np.uint8)
            if fill(content, file) < n_bytes:
                raise UnreadableError(f"{name} is cut short")
        if header.dtype.kind == "b":
            content = np.minimum(content, 1, out=content)  # of other bytes NumPy makes neither 0 nor 1
        return content.view(header.dtype).reshape(header.shape, order="F" if header.column_major else "C")


@contextmanager
def npz(file: BinaryIO) -> Iterator[Npz]:
    """The arrays in an open .npz file. What is wrong with it, found at any time, is raised as UnreadableError."""
    try:
        with zipfile.ZipFile(file) as archive:
            yield Npz(archive, Allowance(size_of(file)))
    except UnreadableError:
        raise
    except _DAMAGED as error:
        raise UnreadableError(f"{_words(error)}: it is cut short, damaged, or no .npz file") from None


def _words(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def _header(file: Any, name: str) -> tuple[Header, int]:
    """What stands before an array's values, and how many bytes that is. Raises UnreadableError."""
    lead = file.read(8)
    if len(lead) < 8 or not lead.startswith(_MAGIC) or lead[6] not in (1, 2, 3):
        raise UnreadableError(f"{name} is no array of NumPy's")
    size = file.read(2 if lead[6] == 1 else 4)
    length = int.from_bytes(size, "little")
    if length > _LONGEST_HEADER:
        raise UnreadableError(f"{name} has a header of {length:,} characters, more than {_LONGEST_HEADER:,}")
    text = file.read(length).decode("latin1")
    try:
        with warnings.catch_warnings(action="error"):  # what Python would warn of, NumPy does not write
            said = ast.literal_eval(_LONG.sub(r"\1", text.strip()))
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        raise UnreadableError(f"{name} has a header that is none of NumPy's") from None
    return _checked(said, name), len(lead) + len(size) + length


def _checked(said: Any, name: str) -> Header:
    """A header's three entries. Raises UnreadableError."""
    if not isinstance(said, dict) or said.keys() != {"descr", "fortran_order", "shape"}:
        raise UnreadableError(f"{name} has a header that is none of NumPy's")
    shape, described = said["shape"], said["descr"]
    whole = isinstance(shape, tuple) and all(type(side) is int and 0 <= side < 1 << 48 for side in shape)
    if not whole or len(shape) > 32:
        raise UnreadableError(f"{name} is of shape {printable(str(shape)[:60])}, which no array has")
    if not isinstance(described, str) or not _DTYPE.fullmatch(described):
        raise UnreadableError(f"{name} is of type {printable(str(described)[:60])}; it must hold numbers")
    try:
        dtype = np.dtype(described)
    except TypeError:
        raise UnreadableError(f"{name} is of type {described}, which NumPy does not know") from None
    if dtype.hasobject or dtype.itemsize == 0:
        raise UnreadableError(f"{name} is of type {dtype}, Python objects or nothing; it must hold numbers")
    return Header(shape, dtype, bool(said["fortran_order"]))


def _memory() -> int:
    """Bytes of memory of this machine."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):  # a system that does not say
        return 1 << 36
