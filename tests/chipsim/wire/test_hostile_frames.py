"""Frames from a broken or hostile peer: refused with one line, and nothing else happens.

Many more, damaged by chance: `tests/fuzz`.
"""

from dataclasses import replace

import numpy as np
import pytest
from hostile import LIMITS, take
from hypothesis import given
from hypothesis import strategies as st
from wire_messages import frames, one_of_every_kind

from chipsim import wire

FRAMES = frames()


@given(st.sampled_from(sorted(FRAMES)), st.data())
def test_damage_on_the_way(what, data):
    frame = bytearray(FRAMES[what])
    at = data.draw(st.integers(0, len(frame) - 1))
    frame[at] ^= data.draw(st.integers(1, 255))
    assert take(bytes(frame)) is None


def spikes(**changed):
    """A SPIKES section of one window of 8 rows and 4 steps, with other fields."""
    data = changed.pop("data", b"")
    fields = {"graded": 0, "bits": 0, "steps": 4, "rows": 8, "capacity": 32, "unit": 0.0} | changed
    packed = wire.PackedEvents(
        1,
        fields["steps"],
        fields["rows"],
        bool(fields["graded"]),
        fields["bits"],
        fields["unit"],
        fields["capacity"],
        np.array([len(data)], np.uint32),
        memoryview(data + bytes(8)),
    )
    return wire.encode(wire.Infer(np.zeros(1, np.int64), packed))


def test_the_window_that_these_tests_spoil_is_right():
    assert take(spikes(data=b"\x01\x81\x57")) == wire.Infer.KIND
    assert take(spikes(graded=1, bits=4, unit=0.25, capacity=8, data=b"\x01\x81\x57")) == wire.Infer.KIND


@pytest.mark.parametrize(
    "data",
    [
        b"",  # no window
        b"\x01\x81\x57\x00",  # too long
        b"\x01\x81",  # no words
        b"\x11\x81\x57",  # a Rice parameter without GAPS
        b"\x0d\x81\x57",  # a pattern that there is not
        b"\x00\xff\xff\xff",  # all rows, and 3 of 4 bytes of words
        b"\x03\x09" + bytes(9),  # 9 of 8 rows
        b"\x03\x01\x00",  # a gap without an end
        b"\x03\x01" + bytes(200) + b"\x01\x01",  # a gap of many zeros
        b"\xf3\xf1\xff\xff\x01",  # a gap beyond the last row
        b"\x02\x02\x81\x57",  # the second byte of a bitmap of one
        b"\x09\x01\x03\xff",  # four steps of one row that do not ascend
        b"\x09\x01\x03",  # no steps
    ],
)
def test_windows_that_are_packed_wrongly(data):
    assert take(spikes(data=data)) is None


def test_steps_beyond_the_last_one():
    assert take(spikes(steps=3, capacity=24, data=b"\x05\x81\x09")) == wire.Infer.KIND
    assert take(spikes(steps=3, capacity=24, data=b"\x05\x81\x0d")) is None


def test_rows_beyond_the_last_one():
    assert take(spikes(rows=7, capacity=28, data=b"\x01\x41\x57")) == wire.Infer.KIND
    assert take(spikes(rows=7, capacity=28, data=b"\x01\x81\x57")) is None


def test_more_events_than_announced():
    assert take(spikes(capacity=5, data=b"\x01\x81\x57")) == wire.Infer.KIND
    assert take(spikes(capacity=4, data=b"\x01\x81\x57")) is None
    assert take(spikes(capacity=7, data=b"\x00\x11\x11\x11\x11")) is None


@pytest.mark.parametrize(
    "changed",
    [
        {"steps": 0},
        {"steps": 65},
        {"rows": 0},
        {"rows": 4096},
        {"capacity": 33},
        {"bits": 8},
        {"graded": 1, "bits": 0, "capacity": 8},
        {"graded": 1, "bits": 17, "unit": 0.5, "capacity": 8},
        {"graded": 1, "bits": 8, "unit": 0.0, "capacity": 8},
        {"graded": 1, "bits": 8, "unit": float("nan"), "capacity": 8},
        {"graded": 1, "bits": 8, "unit": float("inf"), "capacity": 8},
        {"graded": 1, "bits": 32, "unit": 0.5, "capacity": 8},
        {"graded": 1, "bits": 32, "capacity": 9},
    ],
)
def test_heads_of_spikes_that_cannot_be(changed):
    assert take(spikes(data=b"\x01\x81\x57", **changed)) is None


def test_a_chunk_whose_parts_do_not_fit_is_not_sent():
    whole = one_of_every_kind()["LEARN"]
    for changed in ({"windows": np.arange(69)}, {"rates": whole.rates[1:]}):
        with pytest.raises(wire.WireError, match="in a chunk of"):
            wire.encode(replace(whole, **changed))
    with pytest.raises(wire.WireError, match="events of 70 windows in a chunk of 3"):
        wire.encode(replace(one_of_every_kind()["INFER"], windows=np.arange(3)))


def test_little_bytes_are_never_much_work():
    """ALL rows of a step's one-step windows need no bytes: the announced room bounds them."""
    data = b"\x04" * 256
    packed = wire.PackedEvents(
        256, 1, 2048, False, 0, 0.0, 2048, np.array([64, 128, 192, 256], np.uint32), memoryview(data + bytes(8))
    )
    with pytest.raises(wire.WireError) as caught:
        wire.decode(wire.encode(wire.Infer(np.arange(256), packed)), LIMITS)
    assert caught.value.code == wire.ErrorCode.TOO_LARGE
