"""Named arrays of a few types, whole or in pieces: weights, snapshots, signals, tallies. Nothing is unpickled."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chipsim.wire.errors import ErrorCode, WireError
from chipsim.wire.limits import Limits
from chipsim.wire.messages.cursor import Cursor, packed
from chipsim.wire.packing import bytes_view

TYPES = ("u1", "<u2", "<u4", "<u8", "i1", "<i2", "<i4", "<i8", "<f4", "<f8")  # by their numbers on the wire
_NUMBER = {np.dtype(kind): number for number, kind in enumerate(TYPES)}
_NAME = re.compile(r"[A-Za-z0-9_.]{1,128}")
_MOST_AXES = 4


@dataclass(frozen=True, eq=False)
class Piece:
    """Elements first, first + 1, ... of an array in row-major order."""

    name: str
    shape: tuple[int, ...]
    first: int
    values: NDArray[Any]  # (n,)

    def to_bytes(self) -> list[bytes | memoryview]:
        name = self.name.encode()
        head = packed(
            f"BBBx{len(self.shape)}IQQ",
            len(name),
            _NUMBER[self.values.dtype],
            len(self.shape),
            *self.shape,
            self.first,
            len(self.values),
        )
        return [head, name, bytes_view(self.values)]


def in_pieces(arrays: Mapping[str, NDArray[Any]], most_bytes: int) -> Iterator[tuple[Piece, ...]]:
    """Arrays as groups of pieces of about `most_bytes` bytes each; at least one group.

    Raises WireError if a name or a type cannot be sent.
    """
    group: list[Piece] = []
    room = most_bytes
    for name, array in arrays.items():
        flat = np.ascontiguousarray(array, array.dtype.newbyteorder("<")).reshape(-1)
        if flat.dtype not in _NUMBER or array.ndim > _MOST_AXES or not _NAME.fullmatch(name):
            raise WireError(
                ErrorCode.MALFORMED,
                f"array {name!r} of {array.dtype} with {array.ndim} axes cannot be sent: choose a name of letters,"
                f" digits, '_' and '.', a type from {', '.join(TYPES)} and at most {_MOST_AXES} axes",
            )
        first = 0
        while True:
            n = min(len(flat) - first, max(1, room // flat.itemsize))
            group.append(Piece(name, array.shape, first, flat[first : first + n]))
            first += n
            room -= n * flat.itemsize
            if room <= 0:
                yield tuple(group)
                group, room = [], most_bytes
            if first == len(flat):
                break
    if group or not arrays:
        yield tuple(group)


def pieces_to_bytes(pieces: Iterable[Piece]) -> list[bytes | memoryview]:
    return [part for piece in pieces for part in piece.to_bytes()]


def read_pieces(cursor: Cursor, limits: Limits) -> tuple[Piece, ...]:
    """All that is left of a payload as pieces; their values are views of it."""
    pieces: list[Piece] = []
    while cursor.left:
        cursor.at_most(len(pieces) + 1, limits.arrays, "arrays")
        pieces.append(_read_piece(cursor, limits))
    return tuple(pieces)


def _read_piece(cursor: Cursor, limits: Limits) -> Piece:
    n_name, number, n_axes = cursor.read("BBBx")
    if number >= len(TYPES) or n_axes > _MOST_AXES:
        raise cursor.error(f"an array of type {number} with {n_axes} axes is unknown")
    shape = cursor.read(f"{n_axes}I")
    first, n = cursor.read("QQ")
    name = bytes(cursor.take(n_name)).decode("latin-1")
    if not _NAME.fullmatch(name):
        raise cursor.error(f"{name!r} is no name of an array")
    size = math.prod(shape)
    cursor.at_most(size * np.dtype(TYPES[number]).itemsize, limits.array_bytes, "bytes of an array")
    if first + n > size or (n == 0 and size > 0):
        raise cursor.error(f"elements {first} to {first + n} of an array of {size}")
    return Piece(name, shape, first, cursor.array(TYPES[number], n))


class Assembler:
    """Puts arrays together from pieces that arrive in order."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._arrays: dict[str, NDArray[Any]] = {}
        self._filled: dict[str, int] = {}
        self._bytes = 0

    def add(self, pieces: Iterable[Piece]) -> None:
        """Raises WireError if a piece does not follow the last one of its array, or there are too many bytes."""
        for piece in pieces:
            if piece.name not in self._arrays:
                self._start(piece)
            array = self._arrays[piece.name]
            filled = self._filled[piece.name]
            done = filled == array.size and piece.first == 0 and filled > 0
            if array.shape != piece.shape or array.dtype != piece.values.dtype or piece.first != filled or done:
                raise WireError(
                    ErrorCode.MALFORMED,
                    f"array {piece.name}: a piece at {piece.first} does not follow {filled} elements",
                )
            array.reshape(-1)[filled : filled + len(piece.values)] = piece.values
            self._filled[piece.name] = filled + len(piece.values)

    def _start(self, piece: Piece) -> None:
        size = math.prod(piece.shape) * piece.values.itemsize
        self._bytes += size
        if self._bytes > self._limits.array_bytes or len(self._arrays) == self._limits.arrays:
            raise WireError(
                ErrorCode.TOO_LARGE,
                f"arrays of {self._bytes} bytes, at most {self._limits.array_bytes} in {self._limits.arrays} arrays"
                " are allowed",
            )
        self._arrays[piece.name] = np.empty(piece.shape, piece.values.dtype.newbyteorder("="))
        self._filled[piece.name] = 0

    def finish(self) -> dict[str, NDArray[Any]]:
        """The arrays. Raises WireError if one is not complete."""
        for name, array in self._arrays.items():
            if self._filled[name] != array.size:
                raise WireError(
                    ErrorCode.MALFORMED, f"array {name}: {self._filled[name]} of {array.size} elements have arrived"
                )
        return self._arrays


def assembled(pieces: Iterable[Piece], limits: Limits) -> dict[str, NDArray[Any]]:
    """Arrays whose pieces have all arrived."""
    assembler = Assembler(limits)
    assembler.add(pieces)
    return assembler.finish()
