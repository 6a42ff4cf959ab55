"""Reads a payload from front to back, never beyond its end. Numbers are little-endian, without gaps for alignment."""

from __future__ import annotations

import struct
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chipsim.wire.errors import ErrorCode, WireError


@cache
def _form(fields: str) -> struct.Struct:
    return struct.Struct("<" + fields)


def packed(fields: str, *values: Any) -> bytes:
    """Numbers as bytes; `fields` as in the standard library's struct. Raises WireError if one does not fit."""
    try:
        return _form(fields).pack(*values)
    except struct.error as error:
        raise WireError(ErrorCode.MALFORMED, f"{values} cannot be sent as fields {fields}: {error}") from None


def packed_text(text: str, limit: int) -> bytes:
    """A text with its length before it; what does not fit is cut off."""
    data = text.encode()[:limit].decode(errors="ignore").encode()
    return packed("H", len(data)) + data


def packed_name(text: str, limit: int) -> bytes:
    """A text that must arrive whole, with its length before it. Raises WireError if it is no name, or too long."""
    data = text.encode(errors="replace")
    if not (text.isprintable() and 0 < len(data) <= limit):
        raise WireError(
            ErrorCode.MALFORMED, f"{text[:limit]!r} cannot be sent: a name has 1 to {limit} printable bytes"
        )
    return packed("H", len(data)) + data


class Cursor:
    """A place in a payload. Every read raises WireError if the payload ends before it does."""

    def __init__(self, data: memoryview, what: str) -> None:
        """what: how errors name the payload."""
        self._data = data
        self._what = what
        self._at = 0

    @property
    def left(self) -> int:
        """Bytes that are still to be read."""
        return len(self._data) - self._at

    def error(self, rule: str, code: ErrorCode = ErrorCode.MALFORMED) -> WireError:
        """An error at this place."""
        return WireError(code, f"{self._what}, near byte {self._at} of its payload: {rule}")

    def take(self, n: int) -> memoryview:
        if n > self.left:
            raise self.error(f"{n} bytes are announced, {self.left} are left")
        self._at += n
        return self._data[self._at - n : self._at]

    def read(self, fields: str) -> tuple[Any, ...]:
        """Numbers; `fields` as in the standard library's struct, and x for a reserved byte, which must be zero."""
        form = _form(fields)
        data = self.take(form.size)
        values = form.unpack(data)
        if "x" in fields and form.pack(*values) != data:
            raise self.error("a reserved byte is not zero")
        return values

    def number(self, field: str) -> Any:
        [value] = self.read(field)
        return value

    def array(self, kind: str, n: int) -> NDArray[Any]:
        """n numbers of a dtype such as "<u2": a view of the payload, not a copy."""
        dtype = np.dtype(kind)
        return np.frombuffer(self.take(n * dtype.itemsize), dtype)

    def text(self, limit: int) -> str:
        n = self.number("H")
        if n > limit:
            raise self.error(f"a text of {n} bytes, at most {limit} are allowed", ErrorCode.TOO_LARGE)
        try:
            return bytes(self.take(n)).decode()
        except UnicodeDecodeError:
            raise self.error("a text is not UTF-8") from None

    def name(self, limit: int) -> str:
        """A text that can stand in a line of an error."""
        text = self.text(limit)
        if not (text and text.isprintable()):
            raise self.error(f"{text!r} is no name: it must be printable, and not empty")
        return text

    def at_most(self, value: int, limit: int, what: str) -> int:
        if value > limit:
            raise self.error(f"{value} {what}, at most {limit} are allowed", ErrorCode.TOO_LARGE)
        return value

    def end(self) -> None:
        if self.left:
            raise self.error(f"{self.left} bytes too many")
