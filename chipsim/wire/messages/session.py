"""What host and chip say about their session. Layouts as in PROTOCOL.md."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

from chipsim.wire.errors import ErrorCode
from chipsim.wire.frame import VERSION
from chipsim.wire.limits import Limits
from chipsim.wire.messages.cursor import Cursor, packed, packed_text

Parts = list[bytes | memoryview]
_LONGEST_NAME = 64
_LEAST_PAYLOAD = 4096  # bytes of a frame that any chip takes


@dataclass(frozen=True)
class Empty:
    """A message that is said by its kind alone."""

    KIND: ClassVar[int]

    def to_bytes(self) -> Parts:
        return []

    @classmethod
    def read(cls, cursor: Cursor, limits: Limits) -> Self:
        return cls()


@dataclass(frozen=True)
class Hello:
    """Host: opens a session."""

    KIND: ClassVar[int] = 1
    name: str = ""  # of the program, for the chip's log
    oldest: int = VERSION  # versions of the protocol that the host speaks
    newest: int = VERSION

    def to_bytes(self) -> Parts:
        return [packed("HH", self.oldest, self.newest), packed_text(self.name, _LONGEST_NAME)]

    @classmethod
    def read(cls, cursor: Cursor, limits: Limits) -> Hello:
        oldest, newest = cursor.read("HH")
        return cls(cursor.text(_LONGEST_NAME), oldest, newest)


@dataclass(frozen=True)
class Welcome:
    """Chip: the session's number is in the header; here is what the chip can take."""

    KIND: ClassVar[int] = 2
    payload_bytes: int  # of a frame, at most; at least 4096
    windows: int  # of a chunk, at most; at least 1
    in_flight: int  # requests without a reply yet, at most; at least 1
    idle_ms: int  # of silence, after which the session ends; at least 1
    simulated: bool  # whether CONFIGURE may, and must, carry a SPEC section
    name: str = ""

    def to_bytes(self) -> Parts:
        fixed = packed("IIHBxI", self.payload_bytes, self.windows, self.in_flight, int(self.simulated), self.idle_ms)
        return [fixed, packed_text(self.name, _LONGEST_NAME)]

    @classmethod
    def read(cls, cursor: Cursor, limits: Limits) -> Welcome:
        payload_bytes, windows, in_flight, simulated, idle_ms = cursor.read("IIHBxI")
        if simulated > 1:
            raise cursor.error("whether the die is simulated is said by 0 or 1")
        if payload_bytes < _LEAST_PAYLOAD or 0 in (windows, in_flight, idle_ms):
            raise cursor.error(
                f"a chip that takes {payload_bytes} bytes, {windows} windows, {in_flight} requests and {idle_ms} ms of"
                f" silence: it must take {_LEAST_PAYLOAD} bytes, and one of each"
            )
        return cls(payload_bytes, windows, in_flight, idle_ms, bool(simulated), cursor.text(_LONGEST_NAME))


class Goodbye(Empty):
    """Host: ends the session; the die is free for another."""

    KIND: ClassVar[int] = 3


class Ack(Empty):
    """Chip: the request has been carried out, and there is nothing to say."""

    KIND: ClassVar[int] = 4


@dataclass(frozen=True)
class Error:
    """Chip: the request has not been carried out."""

    KIND: ClassVar[int] = 5
    code: ErrorCode
    text: str  # one line
    expected: int = 0  # sequence number of the next request that the chip would carry out

    def to_bytes(self) -> Parts:
        return [packed("HxxI", self.code, self.expected), packed_text(self.text, Limits.text_bytes)]

    @classmethod
    def read(cls, cursor: Cursor, limits: Limits) -> Error:
        number, expected = cursor.read("HxxI")
        if number not in set(ErrorCode):
            raise cursor.error(f"there is no error code {number}")
        return cls(ErrorCode(number), cursor.text(limits.text_bytes), expected)


class Status(Empty):
    """Host: asks how the chip is. Answered at once, even while it learns; keeps the session alive."""

    KIND: ClassVar[int] = 6


@dataclass(frozen=True)
class Report:
    """Chip: how it is."""

    KIND: ClassVar[int] = 7
    state: int  # FRESH, CONFIGURED or PROGRAMMED
    in_flight: int  # requests that wait or are being carried out
    expected: int  # sequence number of the next request
    windows_learned: int  # since the die was programmed
    bytes_received: int  # in this session, headers included
    bytes_sent: int

    FRESH: ClassVar[int] = 0
    CONFIGURED: ClassVar[int] = 1
    PROGRAMMED: ClassVar[int] = 2

    def to_bytes(self) -> Parts:
        return [
            packed(
                "BxHIQQQ",
                self.state,
                self.in_flight,
                self.expected,
                self.windows_learned,
                self.bytes_received,
                self.bytes_sent,
            )
        ]

    @classmethod
    def read(cls, cursor: Cursor, limits: Limits) -> Report:
        state, *rest = cursor.read("BxHIQQQ")
        if state > cls.PROGRAMMED:
            raise cursor.error(f"there is no state {state}")
        return cls(state, *rest)
