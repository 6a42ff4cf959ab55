"""A plug-in on both ends of the wire, on one of them, in another version; and ends that speak other versions."""

import threading
import zlib

import numpy as np
import pytest
import zmq
from plug_ins import write_all
from small_chips import lesson, programmed, spec_of, taught

from chipsim import Chip, ChipError
from chipsim.wire import VERSION, Error, ErrorCode, Hello, WireError, decode, encode
from host.errors import LinkError
from host.link.remote import RemoteChip, chip_process, connect


@pytest.fixture
def droop(site):
    """This process has version 1.2 of it."""
    write_all(site)
    return spec_of(noise=("droop:0.5", "mismatch:0.3"))


def server_with(tmp_path, monkeypatch, version):
    """A chip server in a process of its own, with that version of the package; None: without it."""
    path = "" if version is None else str(write_all(tmp_path / f"server {version}", version))
    monkeypatch.setenv("PYTHONPATH", path)
    return chip_process(1)


def test_the_same_version_on_both_gives_the_same_bits(droop, tmp_path, monkeypatch):
    task = lesson(droop)
    here = programmed(droop, task.weights)
    taught(task, here)
    with server_with(tmp_path, monkeypatch, "1.2") as child, connect(child.address) as connection:
        there = RemoteChip(connection, droop, here.die_seed)
        there.program(task.weights)
        taught(task, there)
        for mine, theirs in zip(here.weights(), there.weights(), strict=True):
            assert all(np.array_equal(a, b) for a, b in zip(mine, theirs, strict=True))


@pytest.mark.parametrize(
    ("version", "said"),
    [
        (None, r"and this server lacks it: install it, such as by pip install 'acme==1\.2'"),
        ("1.3", r"and this server has it of acme 1\.3: have one version on both, such as by pip install 'acme==1\.2'"),
    ],
)
def test_a_server_without_it_or_with_another_version_refuses(droop, tmp_path, monkeypatch, version, said):
    with server_with(tmp_path, monkeypatch, version) as child, connect(child.address) as connection:
        with pytest.raises(ChipError, match=rf"^noise 'droop' is of acme 1\.2 at the host, {said}[^\n]*$"):
            RemoteChip(connection, droop, 1)
        without = spec_of(noise=("mismatch:0.3",))
        assert RemoteChip(connection, without, 1).spec == without  # which hurts nobody who needs none of it


def test_an_effect_that_fails_at_the_server_is_named_in_one_line(droop, tmp_path, monkeypatch):
    path = tmp_path / "server"
    (path).mkdir()
    write_all(path, "1.2")
    (path / "acme.py").write_text((path / "acme.py").read_text().replace("errors.threshold_gain =", "1 / 0 #"))
    monkeypatch.setenv("PYTHONPATH", str(path))
    with (
        chip_process(1) as child,
        connect(child.address) as connection,
        pytest.raises(
            ChipError, match=r"^noise 'droop' of acme 1\.2 \(acme:Droop\) fails at site threshold of layer 1"
        ),
    ):
        RemoteChip(connection, droop, 1)


def of_version(frame, version):
    """The frame with another version in its header, and right checksums."""
    head = frame[:4] + version.to_bytes(2, "little") + frame[6:32]
    head += zlib.crc32(head).to_bytes(4, "little")
    return head + zlib.crc32(frame[40:], zlib.crc32(head)).to_bytes(4, "little") + frame[40:]


def test_an_older_host_is_refused(server, monkeypatch):
    """It hears both versions, from the server's text or from its own reading of the server's header."""
    context = zmq.Context()
    try:
        with context.socket(zmq.DEALER) as wire:
            wire.linger = 0
            wire.connect(server.endpoint)
            wire.send(of_version(encode(Hello("old", oldest=1, newest=1)), VERSION - 1))
            assert wire.poll(10_000)
            answer = wire.recv()
    finally:
        context.term()
    _, message = decode(answer)
    assert isinstance(message, Error)
    assert f"the other end speaks version {VERSION - 1} of the protocol, this one version {VERSION}" in message.text
    monkeypatch.setattr("chipsim.wire.frame.VERSION", VERSION - 1)
    with pytest.raises(
        WireError, match=f"other end speaks version {VERSION} .*, this one version {VERSION - 1}: insta"
    ):
        decode(answer)


def test_an_older_server_is_refused():
    context = zmq.Context()
    router = context.socket(zmq.ROUTER)
    router.linger = 0
    port = router.bind_to_random_port("tcp://127.0.0.1")

    def answer():
        if router.poll(10_000):
            peer, _ = router.recv_multipart()
            old = Error(ErrorCode.VERSION, "update one")
            router.send_multipart([peer, of_version(encode(old, reply=True), VERSION - 1)])

    thread = threading.Thread(target=answer)
    thread.start()
    try:
        line = (
            f"the other end speaks version {VERSION - 1} of the protocol, this one version {VERSION}: install the same"
        )
        with pytest.raises(LinkError, match=line):
            connect(f"tcp://127.0.0.1:{port}", timeout_s=10)
    finally:
        thread.join()
        router.close(0)
        context.term()


def test_a_die_in_this_process_needs_no_wire(droop):
    assert Chip(droop, 1).spec == droop
