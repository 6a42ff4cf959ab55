"""The server's loop: one thread that receives, sorts and sends; sessions work in threads of their own."""

from __future__ import annotations

import os
import secrets
import socket
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from time import monotonic
from types import TracebackType

import numpy as np
import zmq
from zmq.auth.thread import ThreadAuthenticator

from chipsim.design import ChipError
from chipsim.server.doorway import Doorway
from chipsim.server.keys import AllowedKeys, check_allowed, is_local, load_keys
from chipsim.server.session import Answer, Session
from chipsim.server.settings import ServerSettings
from chipsim.wire import (
    HEADER_BYTES,
    VERSION,
    Ack,
    Envelope,
    Error,
    ErrorCode,
    Goodbye,
    Hello,
    Status,
    Welcome,
    WireError,
    decode,
    encode,
    printable,
)

_TICK_MS = 500
_HEARTBEAT_MS = 2000
_SILENCE_MS = 10_000  # of a peer's ZeroMQ, after which its connection counts as cut
_HANDSHAKE_MS = 3000  # in which a connection has to say who it is
_SENT = 100  # frames that may wait for a peer that does not read
_ZAP_DOMAIN = b"chipsim"
_GREETING_BYTES = HEADER_BYTES + 128  # more than HELLO has; a longer frame outside of a session is not even looked at
_SESSION_AT = 8  # where a frame says of which session it is
_WITHDRAWN = "this host's key is no longer allowed: ask whoever runs the chip server to put it back"
_NO_MEMORY = "found no memory left"
_TELL_S = 10.0  # between lines about connections that were refused or cut off


class Server:
    """Holds dies for hosts. Bound when made; `run` serves until `stop`."""

    def __init__(self, settings: ServerSettings, say: Callable[[str], None] = lambda text: None) -> None:
        """say: hears a line whenever a session begins or ends, from any thread; whatever becomes of it, the server goes
        on. Raises ChipError if it cannot serve there.
        """
        local = is_local(settings.bind)
        if not local and settings.keys is None:
            raise ChipError(
                f"{settings.bind} can be reached from other machines: give --keys and --allow (see chipsim keygen), or"
                " bind to tcp://127.0.0.1:PORT"
            )
        if (settings.keys is None) != (settings.allow is None):
            raise ChipError("--keys and --allow belong together: the server's own keys, and the hosts' that it lets in")
        self._settings = settings
        self._log = say
        self._sessions: dict[int, Session] = {}
        self._answers: SimpleQueue[Answer] = SimpleQueue()
        self._wake_up, self._waking_end = socket.socketpair()  # wakes the loop
        self._waking_end.setblocking(False)
        self._stopped = False
        self.seen: Counter[str] = Counter()  # what went wrong on the wire, by kind
        self._told = (0, 0)  # connections refused and cut off, of which a line told
        self._tell_at = 0.0
        self._context = zmq.Context()
        self._allowed: AllowedKeys | None = None
        self._authenticator: ThreadAuthenticator | None = None
        self._router = self._context.socket(zmq.ROUTER)
        self._doorway = Doorway(self._router, settings)
        try:
            self._open()
        except BaseException:
            self._close()
            raise

    def _open(self) -> None:
        settings, router = self._settings, self._router
        router.linger = 0
        router.router_mandatory = True  # a peer that is gone, or does not read, is noticed
        router.maxmsgsize = settings.message_bytes
        router.sndhwm = _SENT
        router.rcvhwm = settings.in_flight + 8  # per peer; the rest waits in the peer's own memory
        router.handshake_ivl = _HANDSHAKE_MS
        router.heartbeat_ivl, router.heartbeat_timeout = _HEARTBEAT_MS, _SILENCE_MS
        router.ipv6 = "[" in settings.bind
        if settings.keys is not None and settings.allow is not None:
            pair = load_keys(settings.keys)
            check_allowed(settings.allow)
            self._allowed = AllowedKeys(settings.allow)
            self._authenticator = ThreadAuthenticator(self._context)
            self._authenticator.start()
            self._authenticator.configure_curve_callback(_ZAP_DOMAIN.decode(), self._allowed)
            router.zap_domain = _ZAP_DOMAIN
            router.zap_enforce_domain = True  # nobody is let in while no one answers who may be
            router.curve_publickey, router.curve_secretkey = pair.public, pair.secret
            router.curve_server = True
        try:
            router.bind(settings.bind)
        except zmq.ZMQError as error:
            raise ChipError(
                f"cannot serve at {settings.bind}: {error.strerror.lower()}; choose another --bind"
            ) from None

    @property
    def endpoint(self) -> str:
        """Where hosts connect; the port is filled in if the system was to choose it."""
        return bytes(self._router.getsockopt(zmq.LAST_ENDPOINT)).decode().rstrip("\0")

    def __enter__(self) -> Server:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def stop(self) -> None:
        """End `run` soon; may be called from any thread or a signal's handler."""
        self._stopped = True
        self._ring()

    def run(self, until: int | None = None) -> None:
        """Serve. until: a file descriptor whose end, as when a parent process is gone, ends this, too."""
        poller = zmq.Poller()
        poller.register(self._router, zmq.POLLIN)
        poller.register(self._doorway.events, zmq.POLLIN)
        poller.register(self._wake_up.fileno(), zmq.POLLIN)
        if until is not None:
            poller.register(until, zmq.POLLIN)
        looked = monotonic()
        while not self._stopped:
            ready = dict(poller.poll(_TICK_MS))
            if self._wake_up.fileno() in ready:
                self._wake_up.recv(4096)
                self._send_answers()
            if until is not None and until in ready and not os.read(until, 4096):
                self._say("the parent process is gone")
                return
            if self._doorway.events in ready:
                self._doorway.look()
            if self._router in ready:
                self._receive()
            if monotonic() - looked > _TICK_MS / 1000:
                looked = monotonic()
                self._drop_the_silent()
                self._drop_the_withdrawn()
                self._tell_of_strangers()

    def _close(self) -> None:
        for session in self._sessions.values():
            session.close()
        self._sessions.clear()
        if self._authenticator is not None:
            self._authenticator.stop()
        self._doorway.close()
        self._router.close(0)
        self._context.term()
        self._wake_up.close()
        self._waking_end.close()

    def _say(self, line: str) -> None:
        with suppress(OSError, ValueError):  # a log that is full or closed
            self._log(line)

    def _ring(self) -> None:
        with suppress(OSError):  # full of rings that were not heard yet, or the server has ended
            self._waking_end.send(b"!")

    def _answer(self, answer: Answer) -> None:
        self._answers.put(answer)
        self._ring()

    def _send_answers(self) -> None:
        while True:
            try:
                answer = self._answers.get_nowait()
            except Empty:
                return
            session = self._sessions.get(answer.session)
            if session is not None:  # it may have ended in the meantime
                try:
                    session.answered(answer)
                    self._send(session, answer.frames)
                except MemoryError:
                    self._end(session, _NO_MEMORY)

    def _send(self, session: Session, frames: list[bytes]) -> None:
        for frame in frames:
            session.bytes_sent += len(frame)
            if self._send_to(session.peer, frame) == zmq.EAGAIN:
                self._end(session, "does not read what it is sent")
                return

    def _send_to(self, peer: bytes, frame: bytes) -> int:
        """Send, or say why not: EAGAIN if the peer does not read, EHOSTUNREACH if it is gone (it may come back)."""
        try:
            self._router.send_multipart([peer, frame], zmq.NOBLOCK, copy=False)
        except zmq.ZMQError as error:
            return int(error.errno or zmq.EAGAIN)
        return 0

    def _receive(self) -> None:
        """All that has come, but a few at a time, so that answers go out in between."""
        for _ in range(16):
            try:
                parts = self._router.recv_multipart(zmq.NOBLOCK, copy=False)
            except zmq.Again:
                return
            if len(parts) != 2:
                continue  # no frame of this protocol has several parts; the peer may be anything
            peer, user = parts[0].bytes, _user(parts[1])
            try:
                self._take(peer, user, int(parts[1].get(zmq.SRCFD)), _in_place(parts[1]))
            except (
                MemoryError
            ):  # what a half-taken request has left is no session to go on with; others are not touched
                for session in [each for each in self._sessions.values() if each.peer == peer]:
                    self._end(session, _NO_MEMORY)

    def _take(self, peer: bytes, user: str, connection: int, frame: memoryview) -> None:
        mine = self._session_of(peer, user, frame)
        if mine is None:
            if self._doorway.hears(connection):
                self._take_stranger(peer, user, connection, frame)
            return
        try:
            envelope, message = decode(frame, self._settings.limits)
        except WireError as error:  # whoever sent it hears which request is expected, and sends it again
            self.seen["damaged"] += 1
            self._send(mine, [mine.error(error)])
            return
        session = self._sessions.get(envelope.session)
        if session is not mine:
            if self._doorway.hears(connection):
                self._greet(peer, user, connection, envelope, message)
            return
        if session.connection != connection:  # a new one, after the last was cut
            self._doorway.passes(connection)
        session.peer, session.connection, session.heard = peer, connection, monotonic()
        session.bytes_received += len(frame)
        if isinstance(message, Status):
            self._send(session, [session.report()])
        elif isinstance(message, Goodbye):
            self._send_to(peer, encode(Ack(), session=session.number, sequence=envelope.sequence, reply=True))
            self._end(session, "said goodbye")
        elif envelope.sequence > 0 and not envelope.reply:
            self.seen.update(session.wrong_with(envelope.sequence))
            self._send(session, session.take(envelope, message, len(frame)))
        else:
            odd = WireError(ErrorCode.MALFORMED, f"{type(message).__name__} is no request of a host, in sequence")
            self._send(session, [session.error(odd)])

    def _session_of(self, peer: bytes, user: str, frame: memoryview) -> Session | None:
        """Whose frame this is, as far as can be seen without reading it; a damaged one is its connection's."""
        number = int.from_bytes(frame[_SESSION_AT : _SESSION_AT + 8], "little")
        session = self._sessions.get(number)
        if session is None or session.user != user:
            known = (each for each in self._sessions.values() if each.peer == peer and each.user == user)
            session = next(known, None)
        return session

    def _take_stranger(self, peer: bytes, user: str, connection: int, frame: memoryview) -> None:
        """A frame outside of any session."""
        if len(frame) > _GREETING_BYTES:  # it asks for something, and costs nothing
            self._refuse_unknown(peer, int.from_bytes(frame[_SESSION_AT : _SESSION_AT + 8], "little"))
            return
        try:
            envelope, message = decode(frame, self._settings.limits)
        except WireError as error:
            self.seen["damaged"] += 1
            self._refuse(peer, error)
            return
        self._greet(peer, user, connection, envelope, message)

    def _greet(self, peer: bytes, user: str, connection: int, envelope: Envelope, message: object) -> None:
        """A message outside of any session: mostly the beginning of one."""
        if not isinstance(message, Hello):
            self._refuse_unknown(peer, envelope.session)
        elif not message.oldest <= VERSION <= message.newest:
            text = f"this server speaks version {VERSION}, the host {message.oldest} to {message.newest}: update one"
            self._refuse(peer, WireError(ErrorCode.VERSION, text))
        elif self._allowed is not None and not self._allowed.hold(user):
            self._refuse(peer, WireError(ErrorCode.REFUSED, _WITHDRAWN))
        elif not self._has_room(peer):
            n = self._settings.dies
            what = "the only die is" if n == 1 else f"all {n} dies are"
            text = f"{what} taken by another host: wait for its end, or start chipsim serve with --dies {n + 1}"
            self._refuse(peer, WireError(ErrorCode.BUSY, text))
        else:
            self._begin(peer, user, connection, message)

    def _refuse_unknown(self, peer: bytes, session: int) -> None:
        text = "the session is unknown, perhaps dropped after a silence or a restart of the server: connect again"
        self._refuse(peer, WireError(ErrorCode.NO_SESSION, text), session)

    def _refuse(self, peer: bytes, error: WireError, session: int = 0) -> None:
        self._send_to(peer, encode(Error(error.code, str(error)), session=session, reply=True))

    def _has_room(self, peer: bytes) -> bool:
        """Whether a die is free. A peer has one session; one whose connection is gone gives its die up to the next."""
        for session in list(self._sessions.values()):
            if session.peer == peer:
                self._end(session, "begins anew")
        for session in list(self._sessions.values()):
            if len(self._sessions) < self._settings.dies:
                break
            # A report that nobody asked for; hosts take no notice of it.
            if self._send_to(session.peer, session.report()) == zmq.EHOSTUNREACH:
                self._end(session, "is gone, another host takes its die")
        return len(self._sessions) < self._settings.dies

    def _begin(self, peer: bytes, user: str, connection: int, message: Hello) -> None:
        settings = self._settings
        number = secrets.randbits(63) | 1  # not to be guessed: it is what lets a host that was cut off come back
        session = Session(number, peer, user, connection, settings, self._answer, self._say)
        self._sessions[number] = session
        self._doorway.passes(connection)
        welcome = Welcome(
            payload_bytes=settings.limits.payload_bytes,
            windows=settings.limits.windows,
            in_flight=settings.in_flight,
            idle_ms=int(settings.idle_s * 1000),
            simulated=True,
            name="chipsim",
        )
        self._send_to(peer, encode(welcome, session=number, reply=True))
        self._say(f"{session.name} begins: {printable(message.name) or 'a host'}{f', key {user}' if user else ''}")

    def _drop_the_silent(self) -> None:
        for session in list(self._sessions.values()):
            if not session.busy and monotonic() - session.heard > self._settings.idle_s:
                error = WireError(
                    ErrorCode.IDLE, f"nothing was heard for {self._settings.idle_s:g} s: the session has ended"
                )
                self._send_to(session.peer, session.error(error))
                self._end(session, f"was silent for {self._settings.idle_s:g} s")
            elif session.broken:
                self._end(session, "has failed")

    def _drop_the_withdrawn(self) -> None:
        """A host whose key is no longer among the allowed ones loses its session within a second or two."""
        for session in list(self._sessions.values()):
            if self._allowed is not None and not self._allowed.hold(session.user):
                self._send_to(session.peer, session.error(WireError(ErrorCode.NO_SESSION, _WITHDRAWN)))
                self._end(session, "has lost its key's permission")

    def _tell_of_strangers(self) -> None:
        seen = self._doorway.refused, self._doorway.cut_off
        if seen == self._told or monotonic() < self._tell_at:
            return
        refused, cut_off = (now - before for now, before in zip(seen, self._told, strict=True))
        self._told, self._tell_at = seen, monotonic() + _TELL_S
        self._say(
            f"strangers: {refused} connections did not come through the handshake, {cut_off} without a session were cut"
            " off, since there were too many at a time"
        )

    def _end(self, session: Session, why: str) -> None:
        if self._sessions.pop(session.number, None) is not None:
            session.close()
            self._doorway.returns(session.connection)
            self._say(f"{session.name} ends: the host {why}")


def _in_place(frame: zmq.Frame) -> memoryview:
    """A frame's bytes from an address on that arrays of any type may begin at; ZeroMQ batches small ones anywhere."""
    view = memoryview(frame.buffer)
    aligned = np.frombuffer(view, np.uint8).ctypes.data % 8 == 0
    return view if aligned else memoryview(bytes(view))


def _user(frame: zmq.Frame) -> str:
    """The public key that a host proved to own, or nothing without encryption."""
    try:
        return str(frame.get("User-Id"))
    except zmq.ZMQError:
        return ""
