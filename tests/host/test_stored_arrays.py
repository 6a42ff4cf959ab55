"""Sizes that a file claims are held against limits before room is made; what NumPy writes is read as NumPy reads it."""

import io
import struct
import tracemalloc
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from chipsim.reading import UnreadableError
from host.stored_arrays import FREE, GROWTH, Allowance, in_bytes, npz


def read(content):
    with npz(io.BytesIO(content)) as file:
        return {name: file.read(name) for name in file.names}


def written(save=np.savez, **arrays):
    file = io.BytesIO()
    save(file, **arrays)
    return file.getvalue()


@given(
    array=hnp.arrays(
        hnp.boolean_dtypes()
        | hnp.integer_dtypes(endianness="?")
        | hnp.floating_dtypes(endianness="?")
        | hnp.complex_number_dtypes()
        | hnp.unicode_string_dtypes(min_len=1, max_len=3),
        hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4),
    ),
    order=st.sampled_from("CF"),
    save=st.sampled_from([np.savez, np.savez_compressed]),
)
def test_what_numpy_writes(array, order, save):
    stored = np.asarray(array, order=order)
    found = read(written(save, x=stored, y=np.arange(3)))
    assert found["x"].dtype == stored.dtype and found["x"].shape == stored.shape
    assert found["x"].tobytes() == stored.tobytes()
    assert found["x"].flags.writeable
    assert np.array_equal(found["y"], np.arange(3))


def member(header, values=b"", version=1, promised=None):
    """An archive of one array `x` with this header, and these values."""
    text = header.encode("latin1") + b"\n"
    size = struct.pack("<H" if version == 1 else "<I", len(text))
    content = b"\x93NUMPY" + bytes([version, 0]) + size + text + values
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.npy", content)
    return file.getvalue()


def header(shape="(2,)", descr="'<f8'", order="False"):
    return f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}"


@pytest.mark.parametrize("version", [1, 2, 3])
def test_versions_of_the_header(version):
    assert read(member(header(), np.arange(2.0).tobytes(), version))["x"].tolist() == [0, 1]


def test_sizes_as_python_2_wrote_them():
    assert read(member(header("(1L, 2L)"), bytes(16)))["x"].shape == (1, 2)


def test_truth_values_are_0_or_1():
    found = read(member(header("(4,)", "'|b1'"), bytes([0, 1, 2, 255])))["x"]
    assert found.view(np.uint8).tolist() == [0, 1, 1, 1]


WRONG = {
    "more than follows": (header("(3,)"), "cut short: its header promises"),
    "2 to the 40": (header("(1099511627776, 6)"), "cut short: its header promises"),
    "a product beyond 64 bits": (header("(4294967296, 4294967296, 8)"), "cut short: its header promises"),
    "a side beyond 64 bits": (header(f"(0, {2**70})"), "which no array has"),
    "a negative side": (header("(-1, -2)"), "which no array has"),
    "true for a side": (header("(True, 2)"), "which no array has"),
    "a side that is no number": (header("('2',)"), "which no array has"),
    "too many sides": (header(str((1,) * 40)), "which no array has"),
    "no tuple": (header("2"), "which no array has"),
    "objects": (header(descr="'|O'"), "Python objects"),
    "records": (header(descr="[('a', '<f8'), ('b', '<f8')]"), "must hold numbers"),
    "several types in one": (header(descr="'f8,f8'"), "must hold numbers"),
    "arrays in an array": (header(descr="'(1000000,)f8'"), "must hold numbers"),
    "an unknown type": (header(descr="'<q77'"), "NumPy does not know"),
    "no bytes a value": (header(f"({2**40},)", "'<U0'"), "Python objects or nothing"),
    "another key": (header()[:-1] + " 'a': 1}", "none of NumPy's"),
    "code": ("__import__('os').getcwd()", "none of NumPy's"),
    "what Python warns of": (header().replace("False", "0if 1else 0"), "none of NumPy's"),
    "no header": ("", "none of NumPy's"),
    "brackets": ("(" * 9000, "none of NumPy's"),
    "minus signs": ("-" * 9000 + "1", "none of NumPy's"),
    "a header too long": (header() + " " * 20_000, "has a header of"),
}


@pytest.mark.parametrize("kind", WRONG)
def test_wrong_headers(kind, recwarn):
    text, words = WRONG[kind]
    with pytest.raises(UnreadableError, match=words):
        read(member(text, bytes(16)))
    assert not recwarn.list, "the refusal is all that is said"


@pytest.fixture
def small(monkeypatch):
    """Any file may become a mebibyte, no more."""
    monkeypatch.setattr("host.stored_arrays.FREE", 1 << 20)
    return 1 << 20


def test_no_array():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("x.npy", b"hello, world")
    with pytest.raises(UnreadableError, match="x is no array of NumPy's"):
        read(file.getvalue())


def test_a_bomb_is_refused_before_room_is_made(small):
    n = 5 << 20
    bomb = member(header(f"({n},)", "'|u1'"), bytes(n))
    assert len(bomb) * GROWTH < n
    tracemalloc.start()
    with pytest.raises(UnreadableError, match=r"x takes 5\.0 MiB, and a file of 5\.. KiB may become 1\.0 MiB here"):
        read(bomb)
    assert tracemalloc.get_traced_memory()[1] < 1 << 20
    tracemalloc.stop()


def test_all_arrays_of_a_file_share_its_allowance(small):
    half = np.zeros(small * 2 // 3, np.uint8)
    content = written(np.savez_compressed, a=half, b=half)
    with npz(io.BytesIO(content)) as file:
        assert len(file.read("a")) == len(half)
        with pytest.raises(UnreadableError, match="b takes"):
            file.read("b")


def test_what_is_not_packed_may_be_as_large_as_it_is():
    allowance = Allowance(FREE)
    allowance.take(FREE, "x")
    allowance.take(FREE, "y")


def test_a_size_that_the_directory_only_claims():
    """The archive's directory says 48 GiB; so does the header."""
    n = 48 << 30
    content = bytearray(member(header(f"({n},)", "'|u1'"), bytes(100)))
    at = content.rfind(b"PK\x01\x02")
    content[at + 24 : at + 28] = struct.pack("<I", 0xFFFFFFF0)
    with pytest.raises(UnreadableError):
        read(bytes(content))


@pytest.mark.parametrize(
    ("n", "words"),
    [(0, "0 bytes"), (1023, "1023 bytes"), (1024, "1.0 KiB"), (3 << 39, "1.5 TiB"), (2**70, "1,024.0 EiB")],
)
def test_bytes_in_words(n, words):
    assert in_bytes(n) == words
