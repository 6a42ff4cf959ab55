"""Who may talk to a chip server, and how little harm they can do."""

import json
import os
import shutil
import stat
from dataclasses import replace
from threading import Event
from time import monotonic

import numpy as np
import pytest
import zmq
from hypothesis import given, settings
from hypothesis import strategies as st
from servers import serving
from small_chips import lesson, spec_of, taught

from chipsim import ChipError, ChipSpec
from chipsim.server.die import Die
from chipsim.server.keys import is_local, load_keys, make_keys
from chipsim.server.loop import Server
from chipsim.server.settings import ServerSettings
from chipsim.wire import (
    Ack,
    Error,
    ErrorCode,
    Hello,
    Learn,
    Limits,
    Program,
    Restore,
    Snapshot,
    Status,
    Welcome,
    decode,
    encode,
    in_pieces,
    pack_events,
    pack_targets,
)
from chipsim.wire.messages import configure
from host.errors import LinkError
from host.link.remote import RemoteChip, connect

SPEC = ChipSpec(layer_sizes=(4, 3), steps=4)


@pytest.fixture
def keys(tmp_path):
    """Folders of a server's and a host's keys, and of the hosts that are allowed."""
    chip, mine, hosts = tmp_path / "chip", tmp_path / "mine", tmp_path / "hosts"
    make_keys(chip)
    make_keys(mine)
    hosts.mkdir()
    shutil.copy(mine / "public.key", hosts / "me.key")
    return chip, mine, hosts


@pytest.mark.parametrize(
    "bind", ["tcp://*:5555", "tcp://0.0.0.0:*", "tcp://10.1.2.3:5555", "tcp://[::]:5555", "tcp://example.org:5555"]
)
def test_off_loopback_keys_are_a_must(bind):
    assert not is_local(bind)
    with pytest.raises(ChipError, match="can be reached from other machines: give --keys and --allow"):
        Server(ServerSettings(bind=bind))


def test_loopback_is_local():
    for address in (
        "tcp://127.0.0.1:5555",
        "tcp://127.8.9.1:*",
        "tcp://[::1]:5555",
        "tcp://localhost:1",
        "ipc:///tmp/x",
    ):
        assert is_local(address)


def test_friends_come_in_and_strangers_do_not(keys, tmp_path):
    chip, mine, hosts = keys
    make_keys(tmp_path / "stranger")
    with serving(bind="tcp://0.0.0.0:*", keys=chip, allow=hosts) as server:
        address = server.endpoint.replace("0.0.0.0", "127.0.0.1")
        with connect(address, keys=mine, chip_key=chip / "public.key") as connection:
            RemoteChip(connection, SPEC, 1)
        assert load_keys(mine).public.decode() in server.heard[0]
        for options in (
            {"keys": tmp_path / "stranger", "chip_key": chip / "public.key"},  # not on the list
            {"keys": mine, "chip_key": mine / "public.key"},  # takes another server for the chip's
            {},  # not encrypted
        ):
            with pytest.raises(LinkError, match="no chip answers"):
                connect(address, timeout_s=0.7, **options)
        with connect(address, keys=mine, chip_key=chip / "public.key") as connection:
            RemoteChip(connection, SPEC, 1)


def test_keys_belong_to_their_owner_alone(tmp_path):
    os.umask(os.umask(0))  # whatever it is
    make_keys(tmp_path / "k")
    secret = tmp_path / "k" / "secret.key"
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    with pytest.raises(ChipError, match="exists: keys are not overwritten"):
        make_keys(tmp_path / "k")
    secret.chmod(0o644)
    with pytest.raises(ChipError, match="can be read by others: chmod 600"):
        load_keys(tmp_path / "k")
    secret.write_text("nonsense")
    secret.chmod(0o600)
    with pytest.raises(ChipError, match="is no key of chipsim keygen"):
        load_keys(tmp_path / "k")
    with pytest.raises(ChipError, match="there is no key at .*make keys with chipsim keygen"):
        load_keys(tmp_path)


def test_keygen_and_serve_say_in_one_line_what_is_missing(chipsim, tmp_path):
    made = chipsim("keygen", "--out", tmp_path / "k")
    assert made.status == 0 and "public key" in made.out and load_keys(tmp_path / "k").public.decode() in made.out
    assert load_keys(tmp_path / "k").secret.decode() not in made.out + made.err
    (tmp_path / "nobody").mkdir()
    bind = ("serve", "--bind", "tcp://0.0.0.0:*")
    for flags, said in (
        (bind, "give --keys and --allow"),
        ((*bind, "--keys", tmp_path / "k"), "belong together"),
        ((*bind, "--keys", tmp_path / "k", "--allow", tmp_path / "nobody"), "nobody could connect"),
        ((*bind, "--keys", tmp_path / "x", "--allow", tmp_path / "nobody"), "there is no key at"),
        (("serve", "--bind", "here"), "is no address"),
        (("keygen", "--out", tmp_path / "k"), "not overwritten"),
    ):
        ended = chipsim(*flags)
        assert ended.status == 2 and ended.err.count("\n") == 1 and said in ended.err, ended.err


class Raw:
    """A peer that sends whatever it is told to."""

    def __init__(self, address):
        self._context = zmq.Context()
        self._socket = self._context.socket(zmq.DEALER)
        self._socket.linger = 0
        self._socket.connect(address)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._socket.close(0)
        self._context.term()

    def send(self, *parts):
        self._socket.send_multipart(parts)

    def hear(self, patience_ms=5000):
        assert self._socket.poll(patience_ms), "no answer"
        return decode(self._socket.recv())

    def drain(self):
        while self._socket.poll(0):
            self._socket.recv()

    def greet(self):
        self.send(encode(Hello("raw")))
        envelope, message = self.hear()
        assert isinstance(message, Welcome)
        return envelope.session

    def ask(self, session, sequence, message, **part):
        self.send(encode(message, session=session, sequence=sequence, **part))
        return self.hear()[1]


@pytest.fixture
def raw(server):
    with Raw(server.endpoint) as peer:
        yield peer


def test_a_spec_that_names_a_file_is_refused(raw, tmp_path):
    """Whether the file is there or not: nobody looks."""
    there = tmp_path / "curve.csv"
    there.write_text("pulse,potentiation,depression\n1,0.1,0.1\n")
    session = raw.greet()
    good = configure(SPEC, 1)
    for sequence, path in enumerate([there, "/nowhere"], start=1):
        recipe = json.loads(good.spec) | {"learning_circuit": {"pulse_curve_csv": str(path)}}
        answer = raw.ask(session, sequence, replace(good, spec=json.dumps(recipe).encode()))
        assert isinstance(answer, Error) and "names a file, and a chip opens none" in answer.text


def test_commands_in_the_wrong_state(raw):
    session = raw.greet()
    answer = raw.ask(session, 1, Snapshot())
    assert (answer.code, answer.text) == (ErrorCode.WRONG_STATE, "no die is configured yet: send CONFIGURE first")
    answer = raw.ask(session, 2, configure(SPEC, 1))
    answer = raw.ask(session, 3, Snapshot())
    assert (answer.code, answer.expected) == (ErrorCode.WRONG_STATE, 4)
    [pieces] = in_pieces({"layer1.weight": np.zeros((4, 3), np.float32)}, 1 << 20)
    assert "program layer1.weight, layer1.bias" in raw.ask(session, 4, Program(pieces)).text
    assert "whose first part has not come" in raw.ask(session, 5, Program(pieces), part=1, parts=2).text
    assert isinstance(raw.ask(session, 6, Program(pieces), part=0, parts=2), Ack)
    assert raw.ask(session, 7, Restore(pieces), part=1, parts=2).code == ErrorCode.WRONG_STATE
    assert raw.ask(session, 8, Program(pieces), part=1, parts=2).code == ErrorCode.WRONG_STATE


def test_a_session_is_not_to_be_guessed(raw):
    assert isinstance(raw.ask(12345, 1, Snapshot()), Error)
    numbers = []
    with serving(dies=8) as server:
        for _ in range(8):
            with Raw(server.endpoint) as peer:
                numbers.append(peer.greet())
    assert len(set(numbers)) == 8 and min(numbers) > 1 << 40


def test_a_frame_that_is_too_large_is_not_received():
    """ZeroMQ cuts the peer off; the server goes on."""
    with serving(limits=Limits(payload_bytes=1 << 16)) as server:
        with Raw(server.endpoint) as peer:
            peer.send(bytes(1 << 20))
        with connect(server.endpoint) as connection:
            RemoteChip(connection, SPEC, 1)
            with pytest.raises(
                LinkError, match="a PROGRAM of .* bytes, the chip at .* takes 65,576: start chipsim serve"
            ):
                connection.ask_in_parts([Program(next(in_pieces({"x": np.zeros(1 << 16, np.float32)}, 1 << 24)))])
        with connect(server.endpoint) as connection:
            RemoteChip(connection, SPEC, 1)


def test_too_many_requests_in_flight_are_turned_away(monkeypatch):
    """And a gap in their numbers is told once, until the next one arrives."""
    released = Event()
    monkeypatch.setattr(Die, "carry_out", lambda *_: iter([Ack()] if released.wait(30) else []))
    with serving(in_flight=2) as server, Raw(server.endpoint) as peer:
        session = peer.greet()

        def send(*sequences):
            for sequence in sequences:
                peer.send(encode(Snapshot(), session=session, sequence=sequence))

        send(1, 2, 3)
        envelope, busy = peer.hear()
        assert (envelope.sequence, busy.code, busy.expected) == (0, ErrorCode.BUSY, 3)
        released.set()
        assert [peer.hear()[0].sequence for _ in range(2)] == [1, 2]
        send(5, 6, 3)
        answers = [peer.hear() for _ in range(2)]
        assert (answers[0][1].code, answers[0][1].expected) == (ErrorCode.OUT_OF_ORDER, 3)
        assert answers[1][0].sequence == 3
        send(3)
        assert peer.hear()[0].sequence == 3, "a duplicate has its reply sent again"


def learn_of(task):
    return Learn(
        task.windows,
        pack_events(task.events, task.spec.layer_sizes[0]),
        pack_targets(task.targets, task.spec.target_bits),
        task.rates,
    )


def test_a_host_that_sends_too_fast_is_slowed_down():
    """What exceeds the rate is as good as lost, and comes again: slower, and with the same result."""
    task = lesson(spec_of(sizes=(50, 40, 10)), n_windows=400)
    with serving() as server, connect(server.endpoint) as connection:
        chip = RemoteChip(connection, task.spec, 1)
        chip.program(task.weights)
        frame = len(encode(learn_of(task)))
        expected = [taught(task, chip).activity["weight_updates"].sum() for _ in range(4)]
    with serving(bytes_per_s=1.5 * frame) as server, connect(server.endpoint) as connection:
        chip = RemoteChip(connection, task.spec, 1)
        chip.program(task.weights)
        began = monotonic()
        results = [taught(task, chip) for _ in range(4)]
        assert [result.activity["weight_updates"].sum() for result in results] == expected
        assert monotonic() - began > 1.0 and connection.traffic.resent > 0


def test_a_host_that_does_not_read_is_dropped(monkeypatch):
    monkeypatch.setattr("chipsim.server.loop._SENT", 2)
    with serving(dies=2) as server:
        with Raw(server.endpoint) as peer:
            session = peer.greet()
            for _ in range(200_000):
                peer.send(encode(Status(), session=session))
                if any("does not read" in line for line in server.heard):
                    break
            with connect(server.endpoint) as connection:
                RemoteChip(connection, SPEC, 1)
        assert any("does not read what it is sent" in line for line in server.heard)


def resident_bytes():
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.fixture(scope="module")
def under_fire():
    """A server, a peer with a session on it, and frames that mean something."""
    task = lesson(spec_of(sizes=(4, 3)), n_windows=2)
    with serving(dies=2, strangers_per_s=1e9) as server, Raw(server.endpoint) as peer:
        session = peer.greet()
        messages = [Hello("x"), Status(), configure(task.spec, 1), Snapshot(), learn_of(task)]
        [pieces] = in_pieces({"layer1.weight": task.weights[0][0], "layer1.bias": task.weights[0][1]}, 1 << 20)
        yield server, peer, session, [*messages, Program(pieces)]


@settings(max_examples=150)
@given(data=st.data())
def test_nothing_that_is_sent_breaks_the_server(under_fire, data):
    """Random bytes, damaged frames, and intact frames out of order: the next honest host is served all the same."""
    server, peer, session, messages = under_fire
    session = next(iter(server._sessions), session)
    for _ in range(data.draw(st.integers(1, 8))):
        frame = encode(
            data.draw(st.sampled_from(messages)),
            session=data.draw(st.sampled_from([0, session, 1 << 60])),
            sequence=data.draw(st.integers(0, 6)),
            reply=data.draw(st.booleans()),
        )
        kind = data.draw(st.sampled_from(["intact", "noise", "mutated", "cut", "parts"]))
        if kind == "noise":
            frame = data.draw(st.binary(max_size=200))
        elif kind == "mutated":
            place = data.draw(st.integers(0, len(frame) - 1))
            frame = frame[:place] + data.draw(st.binary(min_size=1, max_size=4)) + frame[place + 1 :]
        elif kind == "cut":
            frame = frame[: data.draw(st.integers(0, len(frame)))]
        peer.send(*[frame] * (3 if kind == "parts" else 1))
    with connect(server.endpoint, timeout_s=30) as connection:
        RemoteChip(connection, SPEC, 1)
    peer.drain()


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="reads the resident set from /proc")
def test_a_storm_of_frames_takes_no_memory_and_no_service(under_fire):
    """Twenty thousand frames, half of them damaged: afterwards a host is served, and little memory was taken."""
    server, peer, session, messages = under_fire
    rng = np.random.default_rng(5)
    frames = [encode(message, session=session, sequence=k) for k, message in enumerate(messages)]
    before = resident_bytes()
    for _ in range(20_000):
        frame = bytearray(frames[rng.integers(len(frames))])
        if rng.random() < 0.5:
            frame[rng.integers(len(frame))] ^= 1 << rng.integers(8)
        peer.send(bytes(frame))
        peer.drain()
    with connect(server.endpoint, timeout_s=30) as connection:
        RemoteChip(connection, SPEC, 1)
    assert resident_bytes() - before < 64 << 20
