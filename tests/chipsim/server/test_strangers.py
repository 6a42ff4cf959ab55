"""What those may have who have no session: little memory, a short time, their share of frames, and nobody's place."""

import os
import shutil
import socket
import time
from contextlib import ExitStack, contextmanager
from threading import Event, Thread

import pytest
import zmq
from servers import serving
from test_security import SPEC, Raw, resident_bytes

from chipsim.server.doorway import _address_of
from chipsim.server.keys import load_public_key, make_keys
from chipsim.wire import Hello, Snapshot, Status, encode
from host.errors import LinkError
from host.link.remote import RemoteChip, connect

PATIENCE_S = 30
# What ZMTP begins with: signature, version, mechanism, and that this is no server (RFC 23).
GREETING = b"\xff" + bytes(8) + b"\x7f\x03\x00" + b"CURVE".ljust(20, b"\0") + bytes(32)
LONG_COMMAND = b"\x06"  # the flags of a frame whose length has eight bytes


@pytest.fixture
def keys(tmp_path):
    """Folders of a server's and a host's keys, and of the hosts that are allowed."""
    chip, mine, hosts = tmp_path / "chip", tmp_path / "mine", tmp_path / "hosts"
    make_keys(chip)
    make_keys(mine)
    hosts.mkdir()
    shutil.copy(mine / "public.key", hosts / "me.key")
    return chip, mine, hosts


def port_of(server):
    return int(server.endpoint.rpartition(":")[2])


@contextmanager
def lines(server, n):
    """So many TCP connections of somebody who may be anybody."""
    with ExitStack() as stack:
        yield [stack.enter_context(socket.create_connection(("127.0.0.1", port_of(server)))) for _ in range(n)]


def is_over(line):
    """Whether the other end has closed it."""
    line.settimeout(PATIENCE_S)
    try:
        while line.recv(1 << 16):
            pass
    except ConnectionError:
        pass
    except TimeoutError:
        return False
    return True


def still_open(server, line):
    return line in server._doorway._waiting.values()


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="reads the resident set from /proc")
def test_without_a_key_nobody_holds_memory_for_long(keys):
    """A frame that is announced as large is not waited for; the largest that may come is gone after the handshake."""
    chip, mine, hosts = keys
    with serving(keys=chip, allow=hosts) as server:
        before = resident_bytes()
        with lines(server, 16) as announced:
            for line in announced:
                line.sendall(GREETING + LONG_COMMAND + (64 << 20).to_bytes(8, "big") + bytes(1 << 10))
            assert all(map(is_over, announced))
        size = server._settings.message_bytes
        with lines(server, 16) as filled:
            for line in filled:
                line.sendall(GREETING + LONG_COMMAND + size.to_bytes(8, "big") + bytes(size - 1))
            assert resident_bytes() - before < 2 * 16 * size
            assert all(map(is_over, filled))
        with connect(server.endpoint, keys=mine, chip_key=chip / "public.key") as connection:
            RemoteChip(connection, SPEC, 1)
        assert server._doorway.refused >= 16


def test_while_nobody_says_who_may_come_in_nobody_does(keys):
    """ZeroMQ lets everybody in whose authenticator is gone, unless its domain is enforced."""
    chip, mine, hosts = keys
    with serving(keys=chip, allow=hosts) as server:
        server._authenticator.stop()
        with pytest.raises(LinkError, match="no chip answers"):
            connect(server.endpoint, timeout_s=1.0, keys=mine, chip_key=chip / "public.key")


def test_silent_connections_shut_nobody_out(tmp_path):
    """The oldest are cut off, those with a session never are, and a new host comes in past all of them."""
    with serving(dies=2, strangers=8, strangers_per_address=8) as server, connect(server.endpoint) as first:
        chip = RemoteChip(first, SPEC, 1)
        with lines(server, 60) as silent:
            with connect(server.endpoint) as second:
                RemoteChip(second, SPEC, 1)
            assert all(map(is_over, silent[:40]))
            assert len(server._doorway._waiting) <= 8
            RemoteChip(first, SPEC, 2)
        assert chip.spec == SPEC and first.traffic.resent == 0
        assert server._doorway.cut_off >= 40
        give_up = time.monotonic() + PATIENCE_S
        while server._doorway._waiting:  # those that ended by themselves are forgotten
            assert time.monotonic() < give_up
            time.sleep(0.05)


def test_addresses_do_not_crowd_each_other_out(monkeypatch):
    """Of one address a few; of all together more, and then the oldest of any goes."""
    addresses = iter([("10.0.0.1", 1)] * 6 + [(f"10.0.1.{k}", 1) for k in range(20)])
    monkeypatch.setattr("chipsim.server.doorway._peer_of", lambda connection: next(addresses))
    with serving(strangers=10, strangers_per_address=4) as server:
        doorway = server._doorway

        def waiting():
            give_up = time.monotonic() + PATIENCE_S
            while True:
                seen = [stranger.address for stranger in list(doorway._waiting.values())]
                if next_seen[0] == len(seen) or time.monotonic() > give_up:
                    return seen
                time.sleep(0.02)

        next_seen = [4]
        with lines(server, 6):
            assert waiting() == ["10.0.0.1"] * 4
            next_seen = [9]
            with lines(server, 5):
                assert waiting() == ["10.0.0.1"] * 4 + [f"10.0.1.{k}" for k in range(5)]
                next_seen = [10]
                with lines(server, 5):
                    give_up = time.monotonic() + PATIENCE_S
                    while doorway.cut_off < 2 + 4 and time.monotonic() < give_up:
                        time.sleep(0.02)
                    assert waiting() == [f"10.0.1.{k}" for k in range(10)]


@pytest.mark.parametrize(
    ("peer", "address"),
    [
        (("10.1.2.3", 5), "10.1.2.3"),
        (("::ffff:10.1.2.3", 5, 0, 0), "10.1.2.3"),
        (("2001:db8::1", 5, 0, 0), _address_of(("2001:db8::ffff:1", 9, 0, 0))),
        (("fe80::1%eth0", 5, 0, 2), _address_of(("fe80::2", 5, 0, 0))),
        ("", "this machine"),
    ],
)
def test_what_an_address_is(peer, address):
    """All that one subscriber can choose at will counts as one."""
    assert _address_of(peer) == address


@pytest.mark.parametrize("flood", ["questions", "greetings", "noise", "bulk"])
def test_one_strangers_frames_shut_nobody_out(flood):
    """Each connection has its share, whatever comes on the others."""
    frame = {
        "questions": encode(Status(), session=7),
        "greetings": encode(Hello("stranger")),
        "noise": b"noise",
        "bulk": encode(Snapshot(), session=7) + bytes(1 << 20),
    }[flood]
    over = Event()

    def pour(address):
        with Raw(address) as peer:
            while not over.is_set():
                try:
                    peer._socket.send(frame, zmq.NOBLOCK)
                except zmq.Again:
                    time.sleep(0.001)
                peer.drain()

    with serving(dies=2) as server:
        thread = Thread(target=pour, args=(server.endpoint,))
        thread.start()
        try:
            time.sleep(0.5)
            for _ in range(3):
                with connect(server.endpoint, timeout_s=PATIENCE_S) as connection:
                    RemoteChip(connection, SPEC, 1)
        finally:
            over.set()
            thread.join()


def test_a_withdrawn_key_ends_its_session_and_begins_none(keys, tmp_path):
    chip, mine, hosts = keys
    make_keys(tmp_path / "other")
    shutil.copy(tmp_path / "other" / "public.key", hosts / "other.key")
    options = {"keys": mine, "chip_key": chip / "public.key"}
    with serving(dies=2, keys=chip, allow=hosts) as server, connect(server.endpoint, **options) as connection:
        RemoteChip(connection, SPEC, 1)
        with connect(server.endpoint, keys=tmp_path / "other", chip_key=chip / "public.key") as other:
            (hosts / "half.key").write_text("half copied")
            (hosts / "me.key").unlink()
            give_up = time.monotonic() + 10
            while len(server._sessions) > 1:
                assert time.monotonic() < give_up
                time.sleep(0.05)
            with pytest.raises(LinkError, match="this host's key is no longer allowed"):
                RemoteChip(connection, SPEC, 2)
            with pytest.raises(LinkError, match="no chip answers"):
                connect(server.endpoint, timeout_s=1.0, **options)
            RemoteChip(other, SPEC, 1)
            assert any(load_public_key(mine / "public.key").decode() in line for line in server.heard)
        shutil.copy(mine / "public.key", hosts / "me.key")
        time.sleep(1.1)  # a list of allowed keys is no older
        with connect(server.endpoint, timeout_s=PATIENCE_S, **options) as again:
            RemoteChip(again, SPEC, 1)
