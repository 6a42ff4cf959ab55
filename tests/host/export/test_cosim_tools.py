"""Programs of others run within bounds, and end with all that they have started."""

import os
import time

import pytest

from host.export.cosim import tools


def test_what_a_program_says_and_how_it_ends(tmp_path):
    ended = tools.call(["sh", "-c", "echo out; echo wrong >&2; exit 3"], tmp_path, 30)
    assert (ended.status, ended.ok, ended.said) == (3, False, "out\nwrong\n")
    assert tools.call(["pwd"], tmp_path, 30).said.strip() == os.path.realpath(tmp_path)


def test_names_with_blanks_and_quotes_reach_it_as_they_are(tmp_path):
    assert tools.call(["printf", "%s|", "a b", "$HOME", "'"], tmp_path, 30).said == "a b|$HOME|'|"


def test_what_takes_too_long_ends_with_its_children(tmp_path):
    began = time.monotonic()
    ended = tools.call(["sh", "-c", "(sleep 60; touch late) & echo $! > child; wait"], tmp_path, 0.5)
    assert (ended.status, ended.said) == (None, "no end after 0.5 s")
    assert time.monotonic() - began < 30
    with pytest.raises(ProcessLookupError):
        for _ in range(100):  # until init has buried it
            os.kill(int((tmp_path / "child").read_text()), 0)
            time.sleep(0.05)


def test_memory_is_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(tools, "_MEMORY_KIB", 200_000)
    ended = tools.call(["python3", "-c", "held = bytearray(1 << 30)"], tmp_path, 30)
    assert not ended.ok
    assert "MemoryError" in ended.said
