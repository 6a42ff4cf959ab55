"""The frame around every message: a header of 40 bytes, the payload, and checksums over both. See PROTOCOL.md."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass

from chipsim.wire.errors import ErrorCode, WireError
from chipsim.wire.limits import Limits

MAGIC = b"CSIM"
VERSION = 2
_HEAD = struct.Struct("<4sHBBQIHHII")  # all but the checksums
_CHECKS = struct.Struct("<II")
HEADER_BYTES = _HEAD.size + _CHECKS.size
_REPLY = 1


@dataclass(frozen=True)
class Envelope:
    """What a header says."""

    kind: int
    session: int = 0  # given by the chip in WELCOME; 0 before
    sequence: int = 0  # of a request; a reply repeats that of its request; 0: out of sequence
    part: int = 0  # of a message that needs several frames, from 0
    parts: int = 1
    reply: bool = False


def seal(envelope: Envelope, payload: Iterable[bytes | memoryview]) -> bytes:
    """A frame. payload: its bytes in pieces that are joined."""
    pieces = [memoryview(piece).cast("B") for piece in payload]
    length = sum(map(len, pieces))
    try:
        head = _HEAD.pack(
            MAGIC,
            VERSION,
            envelope.kind,
            _REPLY if envelope.reply else 0,
            envelope.session,
            envelope.sequence,
            envelope.part,
            envelope.parts,
            length,
            0,
        )
    except struct.error as error:
        raise WireError(
            ErrorCode.TOO_LARGE,
            f"kind {envelope.kind}, part {envelope.part} of {envelope.parts}, {length} bytes: no header fits ({error})",
        ) from None
    head_check = _CHECKS.pack(zlib.crc32(head), 0)[:4]
    check = zlib.crc32(head_check, zlib.crc32(head))
    for piece in pieces:
        check = zlib.crc32(piece, check)
    return b"".join([head, head_check, check.to_bytes(4, "little"), *pieces])


def open_header(header: bytes | memoryview, limits: Limits) -> tuple[Envelope, int]:
    """What the first HEADER_BYTES bytes of a frame say, and how many bytes of payload follow. Raises WireError."""
    if len(header) < HEADER_BYTES:
        raise WireError(
            ErrorCode.DAMAGED, f"a frame of {len(header)} bytes: a header alone has {HEADER_BYTES}; was it cut off?"
        )
    magic, version, kind, flags, session, sequence, part, parts, length, reserved = _HEAD.unpack_from(header)
    if magic != MAGIC:
        raise WireError(ErrorCode.DAMAGED, f"a frame that begins with {bytes(magic)!r}, not with {MAGIC!r}")
    head_check, _ = _CHECKS.unpack_from(header, _HEAD.size)
    if zlib.crc32(header[: _HEAD.size]) != head_check:
        raise WireError(ErrorCode.DAMAGED, "a frame whose header does not match its checksum")
    if version != VERSION:
        raise WireError(
            ErrorCode.VERSION,
            f"the other end speaks version {version} of the protocol, this one version {VERSION}: install the same"
            " version of chipsim on both",
        )
    if flags not in (0, _REPLY) or reserved or not part < parts:
        raise WireError(ErrorCode.MALFORMED, f"a frame with flags {flags}, part {part} of {parts} or reserved bytes")
    if length > limits.payload_bytes:
        raise WireError(ErrorCode.TOO_LARGE, f"a payload of {length} bytes, at most {limits.payload_bytes} are allowed")
    return Envelope(kind, session, sequence, part, parts, flags == _REPLY), length


def open_frame(frame: bytes | memoryview, limits: Limits) -> tuple[Envelope, memoryview]:
    """Header and payload of a whole frame, both checked; the payload is a view. Raises WireError."""
    view = memoryview(frame).cast("B").toreadonly()
    envelope, length = open_header(view[:HEADER_BYTES], limits)
    if len(view) != HEADER_BYTES + length:
        raise WireError(
            ErrorCode.DAMAGED,
            f"a frame of {len(view)} bytes whose header announces {HEADER_BYTES + length}: was it cut off?",
        )
    payload = view[HEADER_BYTES:]
    _, check = _CHECKS.unpack_from(view, _HEAD.size)
    if zlib.crc32(payload, zlib.crc32(view[: HEADER_BYTES - 4])) != check:
        raise WireError(ErrorCode.DAMAGED, "a frame whose payload does not match its checksum")
    return envelope, payload
