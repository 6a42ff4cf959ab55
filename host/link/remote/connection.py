"""The host's end of the wire: requests in order, each carried out once, however often frames have to be sent again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import RLock
from time import monotonic, monotonic_ns
from types import TracebackType
from typing import NoReturn

import zmq

from chipsim import ChipError
from chipsim.server import is_local, load_keys, load_public_key
from chipsim.wire import (
    HEADER_BYTES,
    Envelope,
    Error,
    ErrorCode,
    Goodbye,
    Hello,
    Inferred,
    Learned,
    Limits,
    Message,
    Report,
    Status,
    Welcome,
    WireError,
    decode,
    encode,
    following,
    is_later,
    name_of,
    printable,
    steps,
)
from host.errors import LinkError
from host.link.remote.answers import ANSWERS
from host.link.remote.chip_clock import ChipClock, draw_request
from host.link.remote.request import PendingRequest
from host.link.remote.wire_speed import ImposedWire, WireSpeed
from host.link.timeline import Timeline
from host.link.traffic import Traffic

TIMEOUT_S = 10.0  # without a sign of life, after which a chip counts as lost
_PING_S = 0.5  # between questions while nothing comes
_MOST_TRIES = 20  # of one frame
_GOODBYE_S = 1.0
_LONGEST_WORK_S = 3600.0  # on a request, all frames of which are small; who says to be at it for longer is not believed
_AT_A_TIME = 64  # frames that are taken in before the clock is looked at
_MOST_REPLY_BYTES = Limits.array_bytes + (64 << 20)  # of all frames of a reply, headers included
_BEFORE_FIRST = 0  # sequence number before that of a session's first request
_HEARTBEAT_MS = 2000
_NONSENSE = "it sent what makes no sense"
_HOPELESS = (ErrorCode.NO_SESSION, ErrorCode.IDLE, ErrorCode.VERSION)  # nothing that is sent again can help


def connect(
    address: str,
    *,
    timeout_s: float = TIMEOUT_S,
    keys: Path | None = None,
    chip_key: Path | None = None,
    speed: WireSpeed | None = None,
    timeline: Timeline | None = None,
    ended: Callable[[], str | None] | None = None,
) -> Connection:
    """Open a session with the chip server at `address`, such as tcp://127.0.0.1:5555.

    timeout_s: without any sign of life before the chip counts as lost; keys: folder of this host's keys, and chip_key:
    the server's public key file, for a server that asks for keys; speed: a wire to be imposed; timeline: gets who was
    busy when; ended: says why the server's process is no more, if that can be known. Raises LinkError.
    """
    return Connection(address, timeout_s, keys, chip_key, speed, timeline or Timeline(), ended or (lambda: None))


class Connection:
    """A session with a chip server. One thread at a time may use it."""

    def __init__(
        self,
        address: str,
        timeout_s: float,
        keys: Path | None,
        chip_key: Path | None,
        speed: WireSpeed | None,
        timeline: Timeline,
        ended: Callable[[], str | None],
    ) -> None:
        self.address = address
        self.timeline = timeline
        self.traffic = Traffic()
        self.imposed = ImposedWire(speed)
        self._timeout_s = timeout_s
        self._ended = ended
        self._lock = RLock()
        self._limits = Limits()
        self._session = 0
        self._welcome: Welcome | None = None
        self._last = _BEFORE_FIRST  # sequence number of the latest request
        self._unanswered: OrderedDict[int, PendingRequest] = OrderedDict()
        self._failed: PendingRequest | None = None  # whose error nobody has heard of yet
        self._answered = 0  # requests so far
        self._alive = False  # whether the chip was heard of since somebody looked
        self._clock = ChipClock()
        try:
            is_local(address)
        except ChipError as error:
            raise LinkError(str(error)) from None
        self._context = zmq.Context()
        self._socket = self._context.socket(zmq.DEALER)
        try:
            self._open(keys, chip_key)
        except BaseException:
            self._shut()
            raise

    def _open(self, keys: Path | None, chip_key: Path | None) -> None:
        wire = self._socket
        wire.linger = 0
        wire.maxmsgsize = HEADER_BYTES + self._limits.payload_bytes
        wire.heartbeat_ivl = _HEARTBEAT_MS
        wire.heartbeat_timeout = max(_HEARTBEAT_MS, int(1000 * self._timeout_s))
        wire.ipv6 = "[" in self.address
        if (keys is None) != (chip_key is None):
            raise LinkError("this host's own keys and the chip server's public key belong together: give both")
        if keys is not None and chip_key is not None:
            try:
                pair = load_keys(keys)
                wire.curve_serverkey = load_public_key(chip_key)
            except ChipError as error:
                raise LinkError(str(error)) from None
            wire.curve_publickey, wire.curve_secretkey = pair.public, pair.secret
        try:
            wire.connect(self.address)
        except zmq.ZMQError as error:
            raise LinkError(f"{self.address!r} is no address of a chip: {error.strerror.lower()}") from None
        self._greet()

    def _greet(self) -> None:
        hello = encode(Hello("chipsim"))
        ask_again = 0.0

        def greeted() -> bool:
            nonlocal ask_again
            if self._welcome is None and monotonic() > ask_again:
                self._transmit(hello, "HELLO")
                ask_again = monotonic() + max(1.0, self._timeout_s / 4)
            return self._welcome is not None

        self._wait(greeted, ping=False)

    @property
    def welcome(self) -> Welcome:
        """What the chip can take."""
        assert self._welcome is not None, "a connection begins with WELCOME"
        return self._welcome

    def send(self, message: Message, part: int = 0, parts: int = 1, windows: int = 0) -> PendingRequest:
        """Send a request; waits while too many are unanswered. Raises LinkError, or the error of an earlier request."""
        with self._lock:
            credits = self.welcome.in_flight
            if len(self._unanswered) >= credits:
                with self.timeline.span("host", "wait"):
                    self._wait(lambda: len(self._unanswered) < credits)
            else:
                self._receive()
            self._raise_failed()
            sequence = following(self._last)
            with self.timeline.span("host", "pack"):
                frame = encode(message, session=self._session, sequence=sequence, part=part, parts=parts)
            kind = name_of(message.KIND)
            most = HEADER_BYTES + self.welcome.payload_bytes
            if len(frame) > most:
                raise LinkError(
                    f"a {kind} of {len(frame):,} bytes, the chip at {self.address} takes {most:,}: start chipsim serve"
                    " with a larger --message-mib, or send fewer windows at a time"
                )
            self._last = sequence
            request = PendingRequest(sequence, kind, frame, ANSWERS[type(message)], windows)
            self._unanswered[sequence] = request
            self.traffic.windows[kind] += windows
            self._send_request(request)
            return request

    def answer(self, request: PendingRequest) -> list[Message]:
        """The reply to a request; waits for it. Raises ChipError if the chip refused, LinkError."""
        with self._lock:
            if not request.done:
                with self.timeline.span("host", "wait"):
                    self._wait(lambda: request.done)
            if request.error is not None:
                self._failed = None if self._failed is request else self._failed
                raise request.error
            return [reply for reply in request.replies if reply is not None]

    def ask(self, message: Message) -> list[Message]:
        """Send a request and wait for its reply."""
        return self.answer(self.send(message))

    def ask_in_parts(self, messages: Iterable[Message]) -> None:
        """Send a long command, a frame after the other, and wait until it is carried out."""
        parts = list(messages)
        for request in [self.send(message, k, len(parts)) for k, message in enumerate(parts)]:
            self.answer(request)

    def close(self) -> None:
        """Say goodbye, if the chip still listens."""
        with self._lock:
            if self._socket.closed:
                return
            if self._session and self._timeout_s > 0:
                self._timeout_s = min(_GOODBYE_S, self._timeout_s)
                try:
                    self._failed = None
                    self._socket.send(encode(Goodbye(), session=self._session, sequence=0), zmq.NOBLOCK)
                    self._socket.poll(int(1000 * self._timeout_s))
                except (zmq.ZMQError, LinkError):
                    pass
            self._shut()

    def _shut(self) -> None:
        self._socket.close(0)
        self._context.term()

    def __enter__(self) -> Connection:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _raise_failed(self) -> None:
        if self._failed is not None and self._failed.error is not None:
            failed, self._failed = self._failed.error, None
            raise failed

    def _send_request(self, request: PendingRequest) -> None:
        request.sent_ns = monotonic_ns()
        request.sends += 1
        if request is next(iter(self._unanswered.values())):  # those behind it wait for it
            request.tries += 1
        if request.tries > _MOST_TRIES:
            self._lose(f"request {request.sequence} got lost or damaged {_MOST_TRIES} times")
        self._transmit(request.frame, request.kind)
        self.timeline.add("host", "send", request.sent_ns, monotonic_ns())

    def _send_again(self, first: int) -> None:
        """All unanswered requests from `first` on."""
        again = [request for sequence, request in self._unanswered.items() if not is_later(first, sequence)]
        if again and again[0].may_go_again:
            for request in again:
                self.traffic.resent += 1
                self._send_request(request)

    def _transmit(self, frame: bytes, kind: str) -> None:
        self.imposed.carry("down", len(frame))
        self.traffic.add("down", kind, len(frame))
        with suppress(zmq.Again):  # the wire takes nothing: as if lost, to be sent again, until the time-out
            self._socket.send(frame, zmq.NOBLOCK, copy=False)

    def _wait(self, done: Callable[[], bool], ping: bool = True) -> None:
        """Receive until `done`. Raises LinkError if the chip gives no sign of life for the time-out, or no answer for
        longer than any work takes. What counts is time that this process was awake: it may have been stopped.
        """
        silence_s = work_s = 0.0
        next_ping = monotonic() + _PING_S
        answered = self._answered
        while not done():
            now = monotonic()
            came = self._receive()
            if not came and (why := self._ended()) is not None:
                self._lose(why)
            if self._alive:
                silence_s, self._alive = 0.0, False
            if self._answered != answered:
                work_s, answered = 0.0, self._answered
            if silence_s >= self._timeout_s:
                self._lose("it gave no sign of life")
            if work_s >= _LONGEST_WORK_S:
                self._lose(f"it has answered nothing for {_LONGEST_WORK_S:g} s, though it says that it is at work")
            if ping and not came and now >= next_ping:
                next_ping = now + _PING_S
                self._ask_how_it_is()
            if not came:
                self._socket.poll(max(1, int(1000 * min(_PING_S, self._timeout_s - silence_s))))
            awake_s = min(monotonic() - now, _PING_S)
            silence_s += awake_s
            work_s += awake_s

    def _ask_how_it_is(self) -> None:
        self._transmit(encode(Status(), session=self._session), "STATUS")

    def _receive(self) -> bool:
        """Take in what has come, a few frames at a time. Returns whether there was anything."""
        for number in range(_AT_A_TIME):
            try:
                [*_, frame] = self._socket.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return number > 0
            self._take(frame)
        return True

    def _take(self, frame: bytes) -> None:
        try:
            envelope, message = decode(frame, self._limits)
        except WireError as error:
            if error.code is ErrorCode.VERSION:
                self._lose(str(error))
            if error.code is not ErrorCode.DAMAGED:  # by the chip, not on the way
                self._lose(f"{_NONSENSE}: {error}")
            self.traffic.damaged += 1
            self._ask_how_it_is()  # which brings to light which reply this was
            return
        kind = name_of(envelope.kind)
        self.traffic.add("up", kind, len(frame))
        if isinstance(message, Welcome) and self._welcome is None:
            self._session, self._welcome = envelope.session, message
        if isinstance(message, Error):
            self._alive = True
            self._hear(message, self._unanswered.get(envelope.sequence))
            return
        if self._welcome is None or envelope.session != self._session:
            return  # of a session that is over
        self._alive = True
        request = self._unanswered.get(envelope.sequence)
        if isinstance(message, Report):
            self._compare(message)
        elif request is not None and envelope.reply:
            self.imposed.carry("up", len(frame))
            self._take_reply(request, envelope, message, len(frame))
        elif envelope.reply and envelope.sequence and not is_later(envelope.sequence, self._last):
            self.traffic.repeated += 1

    def _take_reply(self, request: PendingRequest, envelope: Envelope, message: Message, n_bytes: int) -> None:
        if not request.answer.fit(envelope.part, envelope.parts, message):
            self._lose(f"{_NONSENSE}: {name_of(envelope.kind)}, part {envelope.part}, as an answer to {request.kind}")
        if len(request.replies) != envelope.parts:
            request.replies, request.reply_bytes = [None] * envelope.parts, 0
        if request.replies[envelope.part] is None:
            request.reply_bytes += n_bytes
        if request.reply_bytes > _MOST_REPLY_BYTES:
            self._lose(f"{_NONSENSE}: an answer to {request.kind} of more than {_MOST_REPLY_BYTES:,} bytes")
        request.replies[envelope.part] = message
        if request.done:
            self._finish(request)

    def _finish(self, request: PendingRequest) -> None:
        self._answered += 1
        request.done_ns = monotonic_ns()
        request.frame = b""
        del self._unanswered[request.sequence]
        first = request.replies[0] if request.replies else None
        if isinstance(first, Learned | Inferred) and first.times.ended:
            kind = "learn" if isinstance(first, Learned) else "infer"
            draw_request(self.timeline, self._clock, kind, request.sent_ns, first.times, request.done_ns)

    def _hear(self, error: Error, request: PendingRequest | None) -> None:
        """The chip refuses a request, cannot read a frame, or ends the session."""
        text = printable(error.text)
        if self._welcome is None or error.code in _HOPELESS:
            self._lose(text)
        if request is None:
            if error.expected:
                self._send_again(error.expected)
            return
        if error.code is ErrorCode.REFUSED:
            request.error = ChipError(text)
        else:
            request.error = LinkError(f"the chip at {self.address} refused {request.kind}: {text}")
        self._failed = self._failed or request
        self._finish(request)

    def _compare(self, report: Report) -> None:
        """What the chip has seen against what was sent: a difference in frames that came before this was lost."""
        self._send_again(report.expected)
        for sequence, request in list(self._unanswered.items()):
            carried_out = is_later(report.expected, sequence) and steps(sequence, report.expected) > report.in_flight
            # Its reply left before the report did, and has not come.
            if carried_out and request.may_go_again:
                self.traffic.resent += 1
                self._send_request(request)

    @contextmanager
    def making_sense(self) -> Iterator[None]:
        """A WireError in here is about what the chip sent, and becomes a LinkError."""
        try:
            yield
        except WireError as error:
            raise LinkError(f"the chip at {self.address} sent what makes no sense: {error}") from None

    def _lose(self, why: str) -> NoReturn:
        """The session cannot go on."""
        self._timeout_s = 0.0  # nobody waits for a goodbye
        if self._welcome is None and why == "it gave no sign of life":
            raise LinkError(
                f"no chip answers at {self.address}: start one with chipsim serve --bind {self.address}, check address"
                " and keys, or leave --chip-address out"
            )
        raise LinkError(f"lost the chip at {self.address}: {why}")
