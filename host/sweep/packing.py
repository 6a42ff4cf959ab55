"""Texts that resemble each other, packed small: zlib streams (RFC 1950) over a few preset dictionaries.

The specs of a sweep differ in a few figures, and so do the summaries of its runs: with one of them as the dictionary of
the others, little more than the figures is stored. Every stream ends with a checksum and names its dictionary by one.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping

_HEAD = 2  # bytes before a stream: its dictionary's number, 0 if there is none
_TRIED = 4  # dictionaries, the last ones used
_WORTH = 5  # a text packed to more than this part of itself becomes a dictionary,
MOST_DICTIONARIES = 64  # while there are fewer
LONGEST_TEXT = 1 << 22  # bytes; a stream that holds more is no text of ours


class Packer:
    """Packs texts of one kind, and grows the dictionaries as it meets texts unlike those before."""

    def __init__(self, dictionaries: Mapping[int, bytes], add: Callable[[bytes], int]) -> None:
        """dictionaries: all that there are, number -> text; add: stores another one and gives its number."""
        self._dictionaries = dictionaries
        self._add = add
        self._recent: list[int] = []  # of this kind, the one used last at the end

    def pack(self, text: str) -> bytes:
        content = text.encode()
        packed = {number: _packed(content, number, self._dictionaries[number]) for number in self._recent[-_TRIED:]}
        number = min(packed, key=lambda each: len(packed[each]), default=0)
        if not number or len(packed[number]) * _WORTH > len(content):
            number = self._begin(content)
        return packed.get(number) or _packed(content, number, self._dictionaries.get(number, b""))

    def _begin(self, content: bytes) -> int:
        """The number of a dictionary that is this very text, or of the one used last if there are enough."""
        if len(self._dictionaries) >= MOST_DICTIONARIES:
            return self._recent[-1] if self._recent else 0
        number = self._add(content)
        self._recent.append(number)
        return number


def _packed(content: bytes, number: int, dictionary: bytes) -> bytes:
    packer = zlib.compressobj(
        9, zlib.DEFLATED, zlib.MAX_WBITS, 9, zlib.Z_DEFAULT_STRATEGY, *[dictionary][: bool(number)]
    )
    return number.to_bytes(_HEAD) + packer.compress(content) + packer.flush()


def dictionary_of(packed: bytes) -> int:
    """Its number; 0 if there is none."""
    return int.from_bytes(packed[:_HEAD])


def unpacked(packed: bytes, dictionaries: Mapping[int, bytes]) -> str:
    """Raises ValueError, in one line, if this is no text packed over one of these dictionaries."""
    number = dictionary_of(packed)
    if number and number not in dictionaries:
        raise ValueError(f"it needs dictionary {number}, which is not there")
    unpacker = zlib.decompressobj(zlib.MAX_WBITS, *[dictionaries[number]] if number else [])
    try:
        content = unpacker.decompress(packed[_HEAD:], LONGEST_TEXT)
    except zlib.error as error:
        raise ValueError(f"it is damaged ({error})") from None
    if not unpacker.eof:
        raise ValueError("it is cut short, or longer than any text of a run")
    return content.decode()  # a UnicodeDecodeError is a ValueError
