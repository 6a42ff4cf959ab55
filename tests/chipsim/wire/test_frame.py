"""Header and checksums: whole frames only, and every error is one line that says what is wrong."""

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chipsim import wire
from chipsim.wire.frame import MAGIC, seal

LIMITS = wire.Limits(payload_bytes=4096)
FRAME = wire.encode(wire.Hello("a host"), sequence=9)


def error_of(frame, limits=LIMITS):
    with pytest.raises(wire.WireError) as caught:
        wire.decode(frame, limits)
    text = str(caught.value)
    assert text and "\n" not in text and len(text) < 300
    return caught.value


def resealed(**changed):
    """The frame with other header fields and right checksums."""
    envelope, payload = wire.open_frame(FRAME, LIMITS)
    return seal(wire.Envelope(**{**vars(envelope), **changed}), [payload])


def patched(at, data):
    """The frame with other bytes in its header and right checksums."""
    head = FRAME[:at] + data + FRAME[at + len(data) : 32]
    head += zlib.crc32(head).to_bytes(4, "little")
    return head + zlib.crc32(FRAME[40:], zlib.crc32(head)).to_bytes(4, "little") + FRAME[40:]


def test_the_polynomial_is_the_one_of_the_document():
    assert zlib.crc32(b"123456789") == 0xCBF43926


@given(
    st.integers(0, 2**64 - 1), st.integers(0, 2**32 - 1), st.integers(0, 2**16 - 2), st.booleans(), st.text(max_size=9)
)
def test_round_trip(session, sequence, part, reply, name):
    frame = wire.encode(wire.Hello(name), session=session, sequence=sequence, reply=reply, part=part, parts=part + 1)
    envelope, message = wire.decode(frame)
    assert envelope == wire.Envelope(wire.Hello.KIND, session, sequence, part, part + 1, reply)
    assert message == wire.Hello(name)
    assert wire.open_header(frame[: wire.HEADER_BYTES], LIMITS) == (envelope, len(frame) - wire.HEADER_BYTES)


@given(st.integers(0, 8 * len(FRAME) - 1))
def test_every_flipped_bit_is_found(bit):
    damaged = bytearray(FRAME)
    damaged[bit // 8] ^= 1 << bit % 8
    assert error_of(bytes(damaged)).code == wire.ErrorCode.DAMAGED


@given(st.integers(0, len(FRAME) - 1))
def test_every_truncation_is_found(length):
    assert error_of(FRAME[:length]).code == wire.ErrorCode.DAMAGED


def test_two_frames_are_not_one():
    assert error_of(FRAME + FRAME).code == wire.ErrorCode.DAMAGED


def test_a_payload_of_another_frame_is_found():
    other = wire.encode(wire.Hello("b host"), sequence=10)
    assert error_of(FRAME[: wire.HEADER_BYTES] + other[wire.HEADER_BYTES :]).code == wire.ErrorCode.DAMAGED


def test_another_version_is_named():
    error = error_of(patched(4, (7).to_bytes(2, "little")))
    assert error.code == wire.ErrorCode.VERSION and "version 7" in str(error) and "version 2" in str(error)


def test_header_rules():
    assert wire.decode(patched(0, MAGIC))[0].sequence == 9
    assert error_of(patched(0, b"HTTP")).code == wire.ErrorCode.DAMAGED
    assert error_of(patched(7, b"\2")).code == wire.ErrorCode.MALFORMED
    assert error_of(patched(28, b"\1")).code == wire.ErrorCode.MALFORMED
    assert error_of(resealed(part=2, parts=2)).code == wire.ErrorCode.MALFORMED
    assert error_of(resealed(kind=99)).code == wire.ErrorCode.MALFORMED
    assert error_of(FRAME, wire.Limits(payload_bytes=8)).code == wire.ErrorCode.TOO_LARGE


def test_what_does_not_fit_a_field_is_not_sent():
    with pytest.raises(wire.WireError):
        wire.encode(wire.Hello(), sequence=1 << 32)
    with pytest.raises(wire.WireError):
        wire.encode(wire.ReadCounts(1, (300,)))


def test_long_texts_are_cut_between_letters():
    _, error = wire.decode(wire.encode(wire.Error(wire.ErrorCode.REFUSED, "ü" * 2000)))
    assert error.text == "ü" * 512
