"""A server's log: it gives nothing away, holds nothing that a terminal obeys, and ends no session."""

import errno
import re

import pytest
from servers import serving
from test_security import SPEC, Raw

from chipsim.server import Server, ServerSettings
from chipsim.server.die import Die
from chipsim.wire import Hello, encode, printable
from host.errors import LinkError
from host.link.remote import RemoteChip, connect


def test_a_line_does_not_let_its_reader_take_the_session(server):
    with connect(server.endpoint) as connection:
        number = f"{connection._session:016x}"
    assert all(re.match(r"session [0-9a-f]{4} (begins|ends): ", line) for line in server.heard)
    assert not any(number[start : start + 6] in line for line in server.heard for start in range(11))


def test_what_a_peer_says_is_escaped(server):
    with Raw(server.endpoint) as peer:
        peer.send(encode(Hello("\x1b[2Jme\nsession 0000 ends\u202e \u00fc")))
        peer.hear()
    assert server.heard[0].endswith("begins: \\x1b[2Jme\\nsession 0000 ends\\u202e \u00fc")


def test_what_is_printable():
    assert printable("a line, µ and 文") == "a line, µ and 文"
    assert printable("\x07\x1b]0;x\r\n\ud800\u2028\U000e0001") == "\\x07\\x1b]0;x\\r\\n\\ud800\\u2028\\U000e0001"


def test_a_defect_of_ours_is_told_in_lines_of_the_log(server, monkeypatch):
    def broken(*_):
        raise KeyError("\x1b[31m")

    monkeypatch.setattr(Die, "carry_out", broken)
    with connect(server.endpoint) as connection, pytest.raises(LinkError, match="the chip server failed .KeyError."):
        RemoteChip(connection, SPEC, 1)
    told = [line for line in server.heard if "KeyError" in line]
    assert told and all(re.match(r"session [0-9a-f]{4}: ", line) and line.isprintable() for line in told)
    assert any("Traceback" in line for line in server.heard)


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), ValueError("I/O on closed file")])
def test_a_log_that_fails_ends_nothing(error, monkeypatch):
    def say(line):
        raise error

    with serving() as server:
        monkeypatch.setattr(server, "_log", say)
        for _ in range(2):
            with connect(server.endpoint) as connection:
                RemoteChip(connection, SPEC, 1)


def test_without_a_log():
    with Server(ServerSettings(bind="tcp://127.0.0.1:*")) as server:
        server.stop()
        server.run()
