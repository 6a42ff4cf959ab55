"""What wires, chips and hosts do wrong: detected, repaired or told in one line, and the run ends with the same bits."""

import importlib.util
import time
from pathlib import Path

import pytest
from decoder_from_document import number_after
from remote_runs import bits, folder_of, run_at, small_spec, source_at
from servers import serving

from chipsim.server import Server, session
from chipsim.server.session import Session
from chipsim.wire import ROUND, Envelope, Error, ErrorCode, Hello, Learned, Limits, decode, open_header, seal
from host.errors import LinkError
from host.link.remote import FRAME_FAULTS, FaultyWire, RemoteChip, connect
from host.run import run


@pytest.fixture(scope="module")
def spec(tmp_path_factory):
    return small_spec(tmp_path_factory.mktemp("data") / "small.npz")


@pytest.fixture(scope="module")
def undisturbed(spec):
    return bits(run(spec))


def test_an_undisturbed_wire(spec, undisturbed):
    with serving() as server, FaultyWire(server.endpoint) as wire:
        outcome = run_at(wire.address, spec)
    assert bits(outcome) == undisturbed
    assert outcome.summary["link"]["resent_frames"] == 0
    assert not server.seen


@pytest.mark.parametrize("direction", ["down", "up"])
@pytest.mark.parametrize("kind", FRAME_FAULTS)
def test_frames_that_suffer_are_sent_again(spec, undisturbed, kind, direction):
    """Every 29th frame of one direction: the run repairs itself and nobody need do anything."""
    injected = []

    def carry(its_direction, number, frame):
        if its_direction == direction and number % 29 == 3:
            injected.append(number)
            return FRAME_FAULTS[kind](frame)
        return [frame]

    with serving() as server, FaultyWire(server.endpoint, carry) as wire:
        outcome = run_at(wire.address, spec)
    assert bits(outcome) == undisturbed
    assert len(injected) >= 3
    link = outcome.summary["link"]
    if kind == "duplicated":
        assert direction == "up" or server.seen["repeated"] >= len(injected)
    else:
        assert link["resent_frames"] >= len(injected)
    if kind in ("truncated", "bit flipped"):
        assert server.seen["damaged"] + link["damaged_frames"] == len(injected)


@pytest.mark.parametrize("kind", FRAME_FAULTS)
def test_numbers_that_go_round_while_frames_suffer(spec, undisturbed, kind, monkeypatch):
    """Requests are numbered up to 2^32 - 1 and from 1 on; around that, every third frame each way suffers."""
    monkeypatch.setattr("host.link.remote.connection._BEFORE_FIRST", ROUND - 30)
    monkeypatch.setattr("chipsim.server.inbox.FIRST", ROUND - 29)
    sent, injected = [], []

    def carry(direction, number, frame):
        if direction == "down":
            sent.append(frame)
        if 20 < number < 50 and number % 3 == 0:
            injected.append(number)
            return FRAME_FAULTS[kind](frame)
        return [frame]

    with serving() as server, FaultyWire(server.endpoint, carry) as wire:
        assert bits(run_at(wire.address, spec)) == undisturbed
    assert len(injected) == 20
    order = list(dict.fromkeys(open_header(frame, Limits())[0].sequence for frame in sent))
    numbered = [number for number in order if number]
    assert ROUND in numbered and numbered[0] == ROUND - 29
    assert numbered[1:] == [number_after(number) for number in numbered[:-1]]


def test_frames_in_the_wrong_order(spec, undisturbed):
    """Some are held back until the next one has passed."""
    held = []

    def carry(direction, number, frame):
        if direction == "down" and number % 17 == 5:
            held.append(frame)
            return []
        passed, held[:] = [frame, *held], []
        return passed

    with serving() as server, FaultyWire(server.endpoint, carry) as wire:
        assert bits(run_at(wire.address, spec)) == undisturbed
    assert server.seen["missing"] > 0


def test_a_wire_that_is_cut_and_mended(spec, undisturbed):
    """The session outlives the connection."""
    with serving() as server:
        wires = [FaultyWire(server.endpoint)]
        address = wires[0].address

        def mend(*_):
            wires[0].cut()
            wires.append(FaultyWire(server.endpoint, bind=address))

        class Mender:
            cut_at = 100

            def stage(self, text):
                pass

            def learning(self, done, total, accuracy):
                if done >= self.cut_at and len(wires) == 1:
                    mend()

        source = source_at(address)
        outcome = run(spec, listener=Mender(), source=source)
        source.close()
        for wire in wires:
            wire.cut()
    assert len(wires) == 2
    assert bits(outcome) == undisturbed


def broken_off(spec, path, address, after, break_it, **options):
    """A run that ends with a LinkError some frames after `break_it` was called at `after` samples."""

    class Breaker:
        def stage(self, text):
            pass

        def learning(self, done, total, accuracy):
            if done >= after:
                break_it()

    source = source_at(address, timeout_s=0.7, **options)
    with pytest.raises(LinkError) as error:
        run(spec, folder=folder_of(spec, path), listener=Breaker(), source=source)
    source.close()
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize("how", ["cut", "freeze"])
def test_a_wire_that_stays_cut_or_frozen(spec, undisturbed, how, tmp_path):
    with serving() as server:
        wire = FaultyWire(server.endpoint)
        said = broken_off(spec, tmp_path / "run", wire.address, 100, getattr(wire, how))
        assert said == f"lost the chip at {wire.address}: it gave no sign of life"
        wire.cut()
        outcome = run_at(server.endpoint, spec, folder_of(spec, tmp_path / "run"))
        assert bits(outcome) == undisturbed
    assert any("another host takes its die" in line for line in server.heard)


def test_a_server_that_dies_and_comes_back(spec, undisturbed, tmp_path):
    """It has forgotten the session, and says so."""
    with serving() as server:
        address = server.endpoint
    with serving(bind=address) as first:
        again = []

        def restart():
            if not again:
                first.stop()
                again.append(True)

        said = broken_off(spec, tmp_path / "run", address, 100, restart)
        assert "no sign of life" in said
    with serving(bind=address):
        outcome = run_at(address, spec, folder_of(spec, tmp_path / "run"))
    assert bits(outcome) == undisturbed


def test_a_session_that_the_server_does_not_know(server):
    with connect(server.endpoint) as connection:
        for session in list(server._sessions.values()):
            server._end(session, "was forgotten")
        with pytest.raises(LinkError, match="the session is unknown, perhaps dropped .*: connect again$"):
            RemoteChip(connection, small_chip(), 1)


def small_chip():
    from chipsim import ChipSpec

    return ChipSpec(layer_sizes=(4, 3))


def test_two_hosts_at_once(server):
    """The second is told, and served as soon as the first is done."""
    with connect(server.endpoint) as first:
        RemoteChip(first, small_chip(), 1)
        with pytest.raises(LinkError, match="the only die is taken by another host: wait .* --dies 2$"):
            connect(server.endpoint)
        RemoteChip(first, small_chip(), 2)
    with connect(server.endpoint) as second:
        RemoteChip(second, small_chip(), 1)


def test_two_hosts_on_two_dies(spec, undisturbed):
    with serving(dies=2) as server, connect(server.endpoint) as other:
        RemoteChip(other, small_chip(), 1)
        assert bits(run_at(server.endpoint, spec)) == undisturbed


def test_a_host_that_is_gone_gives_up_its_die(server):
    """Its connection closes with it; nobody waits for a time-out."""
    gone = connect(server.endpoint)
    gone._shut()
    give_up = time.monotonic() + 10
    while True:
        try:
            connect(server.endpoint).close()
            return
        except LinkError:
            assert time.monotonic() < give_up


def test_a_silent_host_is_dropped_and_told():
    with serving(idle_s=0.3) as server:
        silent = connect(server.endpoint)
        RemoteChip(silent, small_chip(), 1)
        time.sleep(1.5)
        with connect(server.endpoint) as other:
            RemoteChip(other, small_chip(), 1)
        with pytest.raises(LinkError, match="nothing was heard for 0.3 s: the session has ended"):
            RemoteChip(silent, small_chip(), 1)
        silent.close()
    assert any("was silent for 0.3 s" in line for line in server.heard)


def test_a_server_of_another_version(server, monkeypatch):
    """Either end may be the newer one; both are told which versions met."""
    monkeypatch.setattr("host.link.remote.connection.Hello", lambda name: Hello(name, oldest=7, newest=9))
    with pytest.raises(LinkError, match="this server speaks version 2, the host 7 to 9: update one"):
        connect(server.endpoint)


def test_frames_of_another_version():
    """A header of another version is refused whatever follows it."""
    frame = bytearray(seal(Envelope(kind=1), [b""]))
    frame[4] = 9
    with pytest.raises(Exception, match="checksum|version 9"):
        decode(bytes(frame))


def test_nobody_there():
    with pytest.raises(LinkError, match="no chip answers at tcp://127.0.0.1:9: start one with chipsim serve"):
        connect("tcp://127.0.0.1:9", timeout_s=0.5)


@pytest.mark.parametrize(
    "address", ["", "localhost:5555", "tcp://", "tcp://:5555", "udp://a:1", "tcp://a:b", "tcp://a:70000"]
)
def test_addresses_that_are_none(address):
    with pytest.raises(LinkError, match=r"is no address: write tcp://HOST:PORT"):
        connect(address)


def test_an_error_frame_is_an_error(server):
    """What the chip refuses is a ChipError with the chip's own words; the session goes on."""
    from chipsim import ChipError, ChipSpec

    with connect(server.endpoint) as connection:
        with pytest.raises(LinkError, match="takes about .* MiB are free|synapses are allowed"):
            RemoteChip(connection, ChipSpec(layer_sizes=(30_000, 30_000)), 1)
        chip = RemoteChip(connection, small_chip(), 1)
        with pytest.raises(ChipError, match=r"call program\(\) first"):
            chip.snapshot()
    assert decode(seal(Envelope(kind=5), Error(ErrorCode.BUSY, "x").to_bytes()))[1].text == "x"


def test_the_example_of_the_fault_table(spec, undisturbed):
    """A few of its rows; all of them take minutes."""
    path = Path(__file__).parents[3] / "examples" / "link_faults.py"
    module_spec = importlib.util.spec_from_file_location("link_faults", path)
    example = importlib.util.module_from_spec(module_spec)
    module_spec.loader.exec_module(example)
    rows = [
        example.damaged_frames("truncated", "down", spec, undisturbed, 2),
        example.damaged_frames("duplicated", "up", spec, undisturbed, 2),
        example.broken_off("frozen", spec, undisturbed, 1, example.wire_fails("freeze")),
        example.turned_away("version", spec, undisturbed, 1, example.of_another_version),
    ]
    assert [(row.injected, row.detected, row.equal) for row in rows] == [(2, 2, True)] * 2 + [(1, 1, True)] * 2


def test_a_server_without_memory_for_a_reply(spec, undisturbed, tmp_path, monkeypatch):
    """The host hears of it and goes on from its checkpoint; where there is none for that, either, its session ends."""
    real, replies = session.encode, []

    def no_memory(message, **where):
        if isinstance(message, Learned):
            replies.append(message)
            if len(replies) == 30:
                raise MemoryError
        return real(message, **where)

    with serving() as server:
        with monkeypatch.context() as patch:
            patch.setattr(session, "encode", no_memory)
            with pytest.raises(LinkError, match="no memory left"):
                run_at(server.endpoint, spec, folder_of(spec, tmp_path / "run"))
        with monkeypatch.context() as patch:
            patch.setattr(Session, "_finish", lambda self, begun: no_memory_at_all())
            with pytest.raises(LinkError, match="the session is unknown"):
                run_at(server.endpoint, spec, folder_of(spec, tmp_path / "run"))
        assert any(line.endswith("its thread failed (MemoryError)") for line in server.heard)
        assert bits(run_at(server.endpoint, spec, folder_of(spec, tmp_path / "run"))) == undisturbed


def no_memory_at_all():
    raise MemoryError


@pytest.mark.parametrize("place", ["_send", "_session_of"])
def test_a_server_without_memory_in_its_loop(spec, undisturbed, tmp_path, monkeypatch, place):
    """Whose frame it was loses its session; the server goes on."""
    real, calls = getattr(Server, place), []

    def no_memory(self, *arguments):
        calls.append(arguments)
        if len(calls) == 40:
            raise MemoryError
        return real(self, *arguments)

    with serving() as server:
        with monkeypatch.context() as patch:
            patch.setattr(Server, place, no_memory)
            with pytest.raises(LinkError, match="the session is unknown"):
                run_at(server.endpoint, spec, folder_of(spec, tmp_path / "run"))
        assert any("found no memory left" in line for line in server.heard)
        assert bits(run_at(server.endpoint, spec, folder_of(spec, tmp_path / "run"))) == undisturbed
