"""What can be wrong with a frame, and how it is said."""

from __future__ import annotations

from enum import IntEnum


class ErrorCode(IntEnum):
    """Why a frame or a command is refused; the numbers travel in ERROR frames."""

    DAMAGED = 1  # too short, too long, wrong magic or wrong checksum: the sender may send it again
    VERSION = 2  # the peer speaks another version of the protocol
    MALFORMED = 3  # intact, but its contents break the protocol's rules
    TOO_LARGE = 4  # it exceeds a limit of the receiver
    OUT_OF_ORDER = 5  # a sequence number is missing before this one
    NO_SESSION = 6  # the session is unknown, or has been dropped
    BUSY = 7  # no die is free, or too many requests are in flight
    WRONG_STATE = 8  # not now: a die must be configured before it is programmed, and programmed before it runs
    REFUSED = 9  # the chip cannot do this; the text is the chip's own
    IDLE = 10  # nothing was heard for too long: the session ends
    INTERNAL = 11  # the receiver failed; nothing is wrong with the frame


class WireError(ValueError):
    """A frame that cannot be read, or values that cannot be sent: one line that says what is wrong."""

    def __init__(self, code: ErrorCode, text: str) -> None:
        super().__init__(text)
        self.code = code


def printable(text: str) -> str:
    """What the other end said, as it may stand in a line of a log or on a terminal: all but letters becomes escapes."""
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)
