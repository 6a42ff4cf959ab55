"""Ordinary files are read whatever editor wrote them; what is none is refused before it is read."""

import os
import socket
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chipsim.reading import NoTextError, UnreadableError, expanded, open_file, read_bytes, read_text, text_of


def fifo(folder):
    os.mkfifo(folder / "it")


def endless(folder):
    (folder / "it").symlink_to("/dev/zero")


def circle(folder):
    (folder / "it").symlink_to(folder / "other")
    (folder / "other").symlink_to(folder / "it")


def a_folder(folder):
    (folder / "it").mkdir()


def listening(folder):
    here = os.getcwd()
    os.chdir(folder)  # since a socket's name is short
    try:
        socket.socket(socket.AF_UNIX).bind("it")
    finally:
        os.chdir(here)


NO_FILES = [
    (fifo, "it is a pipe, not a file"),
    (endless, "it is a device, not a file"),
    (circle, "Too many levels of symbolic links"),
    (a_folder, "Is a directory"),
    (listening, "it is a socket, not a file"),
    (lambda folder: None, "No such file"),
]


@pytest.mark.parametrize(("make", "words"), NO_FILES, ids=[words for _, words in NO_FILES])
def test_what_is_no_file(tmp_path, make, words):
    """At once: who waited for a pipe or read from a device would never come back."""
    make(tmp_path)
    for read in (open_file, read_text, lambda path: read_bytes(path, 10)):
        with pytest.raises(UnreadableError, match=words):
            read(tmp_path / "it")


@pytest.mark.parametrize("name", ["a\0b", "\ud800", "n" * 300])
def test_names_that_no_file_has(tmp_path, name):
    with pytest.raises(UnreadableError, match="no file can have this name|File name too long"):
        open_file(f"{tmp_path}/{name}")


def test_a_link_to_a_file_is_the_file(tmp_path):
    (tmp_path / "there").write_bytes(b"x")
    (tmp_path / "link").symlink_to(tmp_path / "there")
    assert read_bytes(tmp_path / "link", 1) == b"x"


def test_no_more_is_read_than_allowed(tmp_path):
    path = tmp_path / "long"
    path.write_bytes(b"12345")
    assert read_bytes(path, 5) == b"12345"
    with pytest.raises(UnreadableError, match="more than 4 bytes"):
        read_bytes(path, 4)


@given(text=st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_text_with_and_without_a_byte_order_mark(text):
    plain = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    assert text_of(b"\xef\xbb\xbf" + text.encode()) == text.replace("\r\n", "\n").replace("\r", "\n")
    assert text_of(text.encode()) == plain


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_utf_16_is_named(encoding):
    with pytest.raises(NoTextError, match="UTF-16.*save it as UTF-8"):
        text_of("steps = 4\n".encode(encoding))


def test_bytes_that_are_no_text():
    with pytest.raises(NoTextError, match=r"no text in UTF-8 \(byte 8\)"):
        text_of(b"steps = \xff")


@given(content=st.binary(max_size=60))
def test_any_bytes_are_text_or_named(content):
    with suppress(NoTextError):
        assert "\0" not in text_of(content)


def test_a_home_folder_that_is_not_there(monkeypatch):
    monkeypatch.setenv("HOME", "/home/me")
    assert str(expanded("~/data")) == "/home/me/data"
    with pytest.raises(UnreadableError, match="no home folder ~nobody-at-all"):
        expanded("~nobody-at-all/data")
