"""Arrays in pieces: what comes out is what went in, and nothing is allocated on the sender's word alone."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

from chipsim import wire
from chipsim.wire.messages.arrays import TYPES

NAMES = st.text("abcXYZ019_.", min_size=1, max_size=12)
ARRAYS = arrays_of.arrays(
    st.sampled_from(TYPES), arrays_of.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5)
)
SMALL = wire.Limits(array_bytes=1000, arrays=3)


def sent(groups):
    """What a receiver sees of messages in parts."""
    for part, group in enumerate(groups):
        yield wire.decode(wire.encode(wire.State(group), part=part, parts=len(groups)))[1].pieces


def through(arrays, most_bytes, limits=None):
    assembler = wire.Assembler(limits or wire.Limits())
    for pieces in sent(list(wire.in_pieces(arrays, most_bytes))):
        assembler.add(pieces)
    return assembler.finish()


@given(st.dictionaries(NAMES, ARRAYS, max_size=4), st.integers(1, 200))
def test_round_trip(arrays, most_bytes):
    arrived = through(arrays, most_bytes)
    assert list(arrived) == list(arrays)
    for name, array in arrays.items():
        assert arrived[name].shape == array.shape and arrived[name].dtype == array.dtype
        assert arrived[name].tobytes() == array.tobytes()


def test_frames_stay_small():
    groups = list(wire.in_pieces({"a": np.zeros(1000, np.float32), "b": np.zeros((3, 7), np.int16)}, 512))
    assert all(sum(piece.values.nbytes for piece in group) <= 512 for group in groups) and len(groups) == 8


def test_strided_and_foreign_arrays():
    array = np.arange(24, dtype=">i4").reshape(4, 6)[::2, 1::2]
    assert np.array_equal(through({"x": array}, 99)["x"], array)


@pytest.mark.parametrize("name, array", [("a b", np.zeros(1)), ("", np.zeros(1)), ("x" * 129, np.zeros(1))])
def test_names_that_cannot_be_sent(name, array):
    with pytest.raises(wire.WireError, match="choose a name"):
        list(wire.in_pieces({name: array}, 100))


@pytest.mark.parametrize("array", [np.array(["text"]), np.array([object()]), np.zeros(2, complex), np.zeros((1,) * 5)])
def test_arrays_that_cannot_be_sent(array):
    with pytest.raises(wire.WireError, match="a type from"):
        list(wire.in_pieces({"x": array}, 100))


def piece(name="x", shape=(4,), first=0, values=(0, 1), kind=np.int16):
    return wire.Piece(name, shape, first, np.array(values, kind))


@pytest.mark.parametrize(
    "pieces, said",
    [
        ([piece(first=1)], "does not follow"),
        ([piece(), piece(first=1)], "does not follow"),
        ([piece(), piece(first=2, kind=np.int32)], "does not follow"),
        ([piece(), piece(shape=(5,), first=2)], "does not follow"),
        ([piece()], "2 of 4 elements"),
        ([piece(shape=(2,)), piece(shape=(2,))], "does not follow"),
        ([piece(shape=(501,))], "bytes"),
        ([piece("a", (300,)), piece("b", (300,))], "bytes"),
        ([piece(name, (2,)) for name in "abcd"], "3 arrays"),
    ],
)
def test_pieces_that_make_no_array(pieces, said):
    with pytest.raises(wire.WireError, match=said):
        wire.assembled(pieces, SMALL)


def test_an_array_too_large_is_refused_before_it_is_made():
    """A frame of 60 bytes that announces 2^62 of them."""
    huge = wire.encode(wire.State((piece(shape=(1 << 31, 1 << 31)),)))
    with pytest.raises(wire.WireError, match="bytes of an array") as caught:
        wire.decode(huge)
    assert caught.value.code == wire.ErrorCode.TOO_LARGE
