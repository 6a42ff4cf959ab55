"""A chip that is another one, broken or hostile: one line, nothing computed from what it sent, no wait without end."""

from contextlib import contextmanager
from dataclasses import replace
from threading import Event, Thread

import numpy as np
import pytest
import zmq
from servers import serving
from small_chips import every_neuron, lesson, spec_of, taught

from chipsim import AdcSpec, ChipError
from chipsim.wire import (
    Ack,
    Counts,
    Error,
    ErrorCode,
    Goodbye,
    Hello,
    Inferred,
    Learned,
    Limits,
    Report,
    Signals,
    Traces,
    Weights,
    Welcome,
    WireError,
    assembled,
    decode,
    encode,
    in_pieces,
)
from host.errors import LinkError
from host.link.remote import FaultyWire, RemoteChip, connect

SPEC = spec_of((5, 4, 3), steps=4)
TASK = lesson(SPEC, n_windows=3)
GOOD = Welcome(payload_bytes=1 << 20, windows=100, in_flight=4, idle_ms=1000, simulated=True)
SESSION = 77


@contextmanager
def chip_that(answers):
    """A chip that answers a frame with frames, as `answers(envelope, message)` says; its address."""
    context = zmq.Context()
    router = context.socket(zmq.ROUTER)
    router.linger = 0
    router.bind("tcp://127.0.0.1:*")
    over = Event()

    def serve():
        while not over.is_set():
            if router.poll(20):
                peer, frame = router.recv_multipart()
                for reply in answers(*decode(frame)):
                    router.send_multipart([peer, reply])

    thread = Thread(target=serve)
    thread.start()
    try:
        yield router.getsockopt(zmq.LAST_ENDPOINT).decode().rstrip("\0")
    finally:
        over.set()
        thread.join()
        router.close(0)
        context.term()


def says(message, sequence=0, **header):
    return encode(message, session=SESSION, sequence=sequence, reply=True, **header)


def report(in_flight=1, expected=2):
    return says(Report(0, in_flight, expected, 0, 0, 0))


@pytest.mark.parametrize("field", ["payload_bytes", "windows", "in_flight", "idle_ms"])
def test_a_welcome_that_leaves_no_room(field):
    """With no request in flight the host would wait for ever, with no byte it would send each weight alone."""
    for value in (0, 1) if field == "payload_bytes" else (0,):
        bad = replace(GOOD, **{field: value})
        with (
            chip_that(lambda envelope, message, bad=bad: [says(bad)]) as address,
            pytest.raises(LinkError, match="sent what makes no sense: WELCOME.* it must take 4096 bytes"),
        ):
            connect(address, timeout_s=30)
        with pytest.raises(WireError, match="must take 4096 bytes"):
            decode(says(bad))


def test_who_never_says_welcome():
    """Other frames are no sign of life of a session that has not begun."""
    with (
        chip_that(lambda envelope, message: [says(Report(0, 0, 1, 0, 0, 0))] * 20) as address,
        pytest.raises(LinkError, match="no chip answers"),
    ):
        connect(address, timeout_s=0.6)


def welcome_then(answers):
    def reply(envelope, message):
        if isinstance(message, Hello):
            return [says(GOOD)]
        return [] if isinstance(message, Goodbye) else answers(envelope, message)

    return reply


@pytest.mark.parametrize("flood", [1, 500])
def test_who_says_for_ever_that_it_is_at_work(monkeypatch, flood):
    """Signs of life alone keep nobody waiting; nor does a stream of frames that never stops."""
    monkeypatch.setattr("host.link.remote.connection._LONGEST_WORK_S", 1.2)
    with (
        chip_that(welcome_then(lambda envelope, message: [report()] * flood)) as address,
        connect(address, timeout_s=30) as connection,
        pytest.raises(LinkError, match="it has answered nothing for 1.2 s, though it says that it is at work"),
    ):
        RemoteChip(connection, SPEC, 1)


def test_a_stream_that_never_stops(monkeypatch):
    monkeypatch.setattr("host.link.remote.connection._LONGEST_WORK_S", 1.2)

    def stream(connection):
        monkeypatch.setattr(connection, "_receive", lambda: connection._take(report()) or True)

    with (
        chip_that(welcome_then(lambda envelope, message: [])) as address,
        connect(address, timeout_s=30) as connection,
        pytest.raises(LinkError, match="has answered nothing for 1.2 s"),
    ):
        stream(connection)
        RemoteChip(connection, SPEC, 1)


def test_who_forgets_every_request():
    """It says each time that nothing has come: the host sends again, and gives up."""
    with (
        chip_that(welcome_then(lambda envelope, message: [report(0, 1)] * 2)) as address,
        connect(address, timeout_s=30) as connection,
        pytest.raises(LinkError, match="got lost or damaged 20 times"),
    ):
        RemoteChip(connection, SPEC, 1)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda n: [says(Weights(()), n)], "WEIGHTS, part 0, as an answer to CONFIGURE"),
        (lambda n: [says(Ack(), n, part=0, parts=2)], "ACK, part 0, as an answer to CONFIGURE"),
        (lambda n: [says(Hello("x"), n)], "HELLO, part 0, as an answer to CONFIGURE"),
    ],
)
def test_another_kind_of_answer(answer, said):
    with (
        chip_that(welcome_then(lambda envelope, message: answer(envelope.sequence))) as address,
        connect(address, timeout_s=30) as connection,
        pytest.raises(LinkError, match=f"sent what makes no sense: {said}"),
    ):
        RemoteChip(connection, SPEC, 1)


@pytest.mark.parametrize(
    ("code", "error"), [(ErrorCode.REFUSED, ChipError), (ErrorCode.INTERNAL, LinkError), (ErrorCode.IDLE, LinkError)]
)
def test_what_a_chip_says_is_escaped(code, error):
    text = "\x1b]0;owned\x07\nchipsim: all is well\u202e"
    with (
        chip_that(welcome_then(lambda envelope, message: [says(Error(code, text), envelope.sequence)])) as address,
        connect(address, timeout_s=30) as connection,
        pytest.raises(error) as caught,
    ):
        RemoteChip(connection, SPEC, 1)
    assert str(caught.value).isprintable() and "\\x1b]0;owned\\x07\\nchipsim" in str(caught.value)


def changed(message, change):
    """A message whose arrays are others."""
    [pieces] = in_pieces(change(assembled(message.pieces, Limits())), 1 << 24)
    return replace(message, pieces=pieces)


def everything(chip):
    """Asks all that a chip can be asked."""
    chip.program(TASK.weights)
    weights = chip.weights()
    result = chip.infer(TASK.events, TASK.windows, every_neuron(SPEC))
    classes = result.classes
    looked_at = (list(result.counts), result.membrane, result.activity, result.work, result.signals, result.spikes)
    learned = taught(TASK, chip)
    return weights, classes, looked_at, learned.activity, chip.read_back(TASK.events, TASK.windows, AdcSpec(bits=4))


def through(kind, change):
    """What comes of all commands if messages of a kind come back changed."""

    def carry(direction, number, frame):
        if direction == "up":
            envelope, message = decode(frame)
            if isinstance(message, kind):
                return [
                    encode(
                        changed(message, change),
                        session=envelope.session,
                        sequence=envelope.sequence,
                        reply=True,
                        part=envelope.part,
                        parts=envelope.parts,
                    )
                ]
        return [frame]

    with (
        serving() as server,
        FaultyWire(server.endpoint, carry) as wire,
        connect(wire.address, timeout_s=30) as connection,
    ):
        return everything(RemoteChip(connection, SPEC, 3))


def with_shape(name, add=1):
    return lambda arrays: arrays | {name: np.zeros(np.add(arrays[name].shape, add), arrays[name].dtype)}


def with_value(name, value):
    return lambda arrays: arrays | {name: np.full_like(arrays[name], value)}


def without(name):
    return lambda arrays: {each: array for each, array in arrays.items() if each != name}


def typed(name, dtype):
    return lambda arrays: arrays | {name: arrays[name].astype(dtype)}


MEMBRANE = "membrane"
CASES = {
    "weights of another shape": (Weights, with_shape("layer1.weight")),
    "weights of fewer layers": (Weights, without("layer2.bias")),
    "weights of more layers": (Weights, lambda arrays: arrays | {"layer3.weight": np.zeros((3, 2), np.float32)}),
    "weights that are no numbers": (Weights, with_value("layer1.weight", np.nan)),
    "weights of another type": (Weights, typed("layer2.weight", np.int32)),
    "classes of more windows": (Inferred, with_shape("classes")),
    "no classes": (Inferred, without("classes")),
    "classes that there are not": (Inferred, with_value("classes", 200)),
    "classes in fractions": (Inferred, typed("classes", np.float64)),
    "no tally": (Inferred, without("activity.synaptic_events")),
    "a tally of more layers": (Learned, with_shape("activity.weight_updates")),
    "counts of more windows": (
        Counts,
        lambda arrays: arrays if MEMBRANE in arrays else with_shape(next(iter(arrays)))(arrays),
    ),
    "counts of another layer": (
        Counts,
        lambda arrays: arrays if MEMBRANE in arrays else {"layer9.count": next(iter(arrays.values()))},
    ),
    "membranes that are no numbers": (
        Counts,
        lambda arrays: with_value(MEMBRANE, np.inf)(arrays) if MEMBRANE in arrays else arrays,
    ),
    "signals of another probe": (Signals, with_value("layer1.neurons", 1)),
    "signals of more steps": (Signals, with_shape("layer1.membrane")),
    "spikes of more windows": (Signals, with_shape("layer2.spikes", (1, 0, 0))),
    "a signal that nobody knows": (Signals, lambda arrays: arrays | {"layer1.magic": arrays["layer1.membrane"]}),
    "a signal without axes": (Signals, lambda arrays: arrays | {"layer1.membrane": np.zeros((), np.float32)}),
    "no spikes": (Signals, without("layer1.spikes")),
    "traces of another size": (Traces, with_shape("layer1.codes")),
    "no traces": (Traces, without("layer2.fired")),
}


@pytest.mark.parametrize("case", CASES)
def test_what_belongs_to_another_chip(case):
    with pytest.raises(LinkError, match="^the chip at .* sent what makes no sense: ") as error:
        through(*CASES[case])
    assert "\n" not in str(error.value) and len(str(error.value)) < 300


def test_what_belongs_to_this_one():
    assert len(through(Weights, dict)[0]) == 2
