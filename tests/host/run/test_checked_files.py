"""Files are whole or absent, and a checkpoint notices every alteration."""

import hashlib
import io
import os
import stat

import numpy as np
import pytest
from small_runs import everything_in

from host.errors import RunFolderError
from host.files import read_arrays, write_arrays, write_bytes, write_text

ARRAYS = {
    "current/layer1.weight": np.arange(12, dtype=np.float32).reshape(3, 4),
    "codes": np.array([[-3, 2]], np.int16),
    "right": np.array([True, False]),
    "nothing": np.zeros((0, 5)),
}
FACTS = {"presentations": 7, "nested": {"list": [1, 0.1, None, "ü"]}}


def test_arrays_and_facts_come_back(tmp_path):
    write_arrays(tmp_path / "a.bin", ARRAYS, FACTS)
    arrays, facts = read_arrays(tmp_path / "a.bin")
    assert facts == FACTS
    assert arrays.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        assert arrays[name].dtype == array.dtype
        assert np.array_equal(arrays[name], array)
        assert arrays[name].shape == array.shape


def test_the_same_arrays_are_the_same_bytes(tmp_path):
    write_arrays(tmp_path / "a.bin", ARRAYS, FACTS)
    write_arrays(tmp_path / "b.bin", ARRAYS, FACTS)
    assert (tmp_path / "a.bin").read_bytes() == (tmp_path / "b.bin").read_bytes()


def test_every_altered_byte_is_noticed(tmp_path):
    path = tmp_path / "a.bin"
    write_arrays(path, ARRAYS, FACTS)
    content = path.read_bytes()
    for place in range(len(content)):
        path.write_bytes(content[:place] + bytes([content[place] ^ (1 << place % 8)]) + content[place + 1 :])
        with pytest.raises(RunFolderError) as error:
            read_arrays(path)
        assert str(path) in str(error.value), place


def test_every_cut_and_every_addition_is_noticed(tmp_path):
    path = tmp_path / "a.bin"
    write_arrays(path, ARRAYS, FACTS)
    content = path.read_bytes()
    for length in range(len(content)):
        path.write_bytes(content[:length])
        with pytest.raises(RunFolderError) as error:
            read_arrays(path)
        assert str(path) in str(error.value), length
    path.write_bytes(content + b"\0")
    with pytest.raises(RunFolderError, match="damaged"):
        read_arrays(path)


def test_a_file_of_another_kind_or_none_is_named(tmp_path):
    for path in (tmp_path, tmp_path / "missing.bin", tmp_path / "text.bin"):
        (tmp_path / "text.bin").write_text("hello")
        with pytest.raises(RunFolderError) as error:
            read_arrays(path)
        assert str(path) in str(error.value)


@pytest.mark.parametrize("call", ["fsync", "replace", "chmod"])
@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch, call, error):
    write_text(tmp_path / "a.txt", "old")

    def fail(*_):
        raise error

    monkeypatch.setattr(os, call, fail)
    with pytest.raises(type(error)):
        write_bytes(tmp_path / "a.txt", b"new")
    monkeypatch.undo()
    assert everything_in(tmp_path) == {"a.txt": b"old"}


def test_a_file_is_replaced_only_when_all_of_it_is_on_disk(tmp_path, monkeypatch):
    """The order that survives a power cut: write, flush to the device, rename."""
    order = []
    fsync, replace = os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda handle: (order.append(os.fstat(handle).st_size), fsync(handle)))
    monkeypatch.setattr(os, "replace", lambda old, new: (order.append(str(new)), replace(old, new)))
    write_bytes(tmp_path / "a.bin", b"x" * 1000)
    assert order == [1000, str(tmp_path / "a.bin")]


def test_others_may_read_what_was_written(tmp_path):
    write_text(tmp_path / "a.txt", "ü")
    assert stat.S_IMODE((tmp_path / "a.txt").stat().st_mode) == 0o644
    assert (tmp_path / "a.txt").read_text(encoding="utf-8") == "ü"


def sealed(path, facts):
    """Arrays under a checksum that is right, with these bytes as their facts; None: without any."""
    arrays = {} if facts is None else {"__facts__": np.frombuffer(facts, np.uint8)}
    buffer = io.BytesIO()
    np.savez(buffer, **arrays, right=np.zeros(2))
    payload = buffer.getvalue()
    path.write_bytes(b"chipsim arrays 1\n" + hashlib.sha256(payload).hexdigest().encode() + b"\n" + payload)


@pytest.mark.parametrize("facts", [None, b"", b"{", b"[]", b"7", b"\xff\xfe", b"[" * 100_000, b'"text"'])
def test_facts_that_are_none(tmp_path, facts):
    sealed(tmp_path / "a.bin", facts)
    with pytest.raises(RunFolderError, match=r"a\.bin cannot be read: it holds no facts that chipsim wrote"):
        read_arrays(tmp_path / "a.bin")
