"""One host's session: its die, its requests in order, and a thread that carries them out."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from queue import SimpleQueue
from threading import Thread
from time import monotonic, monotonic_ns
from typing import TypeVar

from chipsim.design import ChipError
from chipsim.server.die import Die
from chipsim.server.inbox import Admission, Inbox, MessageRate
from chipsim.server.settings import ServerSettings
from chipsim.wire import Envelope, Error, ErrorCode, Learn, Message, Report, WireError, encode, is_later, printable
from nonideality import NoiseError

_T = TypeVar("_T")
_LONGEST_TEXT = 1000  # characters of an error's text


@dataclass(frozen=True)
class Answer:
    """What a session's thread has found out; the server's loop sends it."""

    session: int
    sequence: int
    frames: list[bytes]


@dataclass(frozen=True)
class _Begun:
    """A request that the die has begun, or refused."""

    sequence: int
    replies: Iterable[Message]
    error: WireError | None


class Session:
    """All methods but the thread's own run in the server's loop."""

    def __init__(
        self,
        number: int,
        peer: bytes,
        user: str,
        connection: int,
        settings: ServerSettings,
        answer: Callable[[Answer], None],
        say: Callable[[str], None],
    ) -> None:
        """peer: where replies go; user: the host's public key, or nothing; connection: see `Doorway`; answer, say:
        called from the session's thread, say with a line about a defect of ours.
        """
        self.number = number
        self.name = f"session {number >> 47:04x}"  # for people: who reads a log cannot take the session over
        self.peer = peer
        self.user = user
        self.connection = connection
        self.heard = monotonic()
        self.bytes_received = self.bytes_sent = 0
        self._rate = MessageRate(settings.bytes_per_s)
        self._die = Die(settings.threads, settings.die_bytes // settings.dies, settings.counts_bytes, settings.limits)
        self._alone = settings.threads == 1  # a chip of one thread has learned when it says that it has begun
        self._inbox = Inbox(settings.in_flight)
        self._most_in_flight = settings.in_flight
        self._in_flight = 0
        self._gap_told = False
        self._answer = answer
        self._say = say
        self._over = False
        self._work: SimpleQueue[tuple[Envelope, Message, int] | None] = SimpleQueue()
        self._thread = Thread(target=self._work_until_closed, name=self.name, daemon=True)
        self._thread.start()

    @property
    def busy(self) -> bool:
        """Whether requests wait or are being carried out."""
        return self._in_flight > 0

    @property
    def broken(self) -> bool:
        """Whether nobody carries out requests any more."""
        return not self._thread.is_alive()

    @property
    def expected(self) -> int:
        """Sequence number of the next request."""
        return self._inbox.expected

    def wrong_with(self, sequence: int) -> list[str]:
        """What a request's number shows: that it came before, or that one is missing before it."""
        if sequence == self.expected:
            return []
        return ["missing" if is_later(sequence, self.expected) else "repeated"]

    def take(self, envelope: Envelope, message: Message, n_bytes: int) -> list[bytes]:
        """A request. Returns what is to be sent at once: mostly nothing, since the answer comes later."""
        if envelope.sequence == self.expected and not self._rate.take(n_bytes):
            return []  # too fast: as if it were lost, the host will send it again, and later
        is_new = not is_later(self.expected, envelope.sequence)
        if self._in_flight >= self._most_in_flight and is_new:
            return [self.error(WireError(ErrorCode.BUSY, f"{self._in_flight} requests are in flight already"))]
        verdict = self._inbox.judge(envelope.sequence)
        if verdict is Admission.GAP:
            if self._gap_told:  # once, until the next request arrives
                return []
            self._gap_told = True
            text = f"request {envelope.sequence} came, request {self.expected} is missing: send it again"
            return [self.error(WireError(ErrorCode.OUT_OF_ORDER, text))]
        if verdict is Admission.REPEAT:
            return self._inbox.reply(envelope.sequence)
        if verdict is Admission.CARRY_OUT:
            self._gap_told = False
            self._in_flight += 1
            self._work.put((envelope, message, monotonic_ns()))
        return []

    def answered(self, answer: Answer) -> None:
        """A request has been carried out and its reply is about to be sent."""
        self._in_flight -= 1
        self._inbox.replied(answer.sequence, answer.frames)

    def report(self) -> bytes:
        """How the die is."""
        report = Report(
            self._die.state,
            self._in_flight,
            self.expected,
            self._die.windows_learned,
            self.bytes_received,
            self.bytes_sent,
        )
        return encode(report, session=self.number, reply=True)

    def error(self, error: WireError, sequence: int = 0) -> bytes:
        message = Error(error.code, str(error)[:_LONGEST_TEXT], self.expected)
        return encode(message, session=self.number, sequence=sequence, reply=True)

    def close(self) -> None:
        """End the thread once it is done with what it is at; nothing waits for it, and what it has not begun is off."""
        self._over = True
        self._work.put(None)

    def _work_until_closed(self) -> None:
        try:
            self._carry_out()
        except Exception as error:  # no memory, not even for an answer
            self._say(f"{self.name}: its thread failed ({type(error).__name__})")

    def _carry_out(self) -> None:
        """Requests one after the other; but a chunk that waits is begun before the last one's learning has ended."""
        learning: _Begun | None = None
        while True:
            if learning is not None and self._work.empty():
                self._finish(learning)
                learning = None
            if (work := self._work.get()) is None or self._over:
                return
            envelope, message, received_ns = work
            if learning is not None and not isinstance(message, Learn):
                self._finish(learning)
                learning = None
            replies, error = self._attempt(partial(self._die.carry_out, envelope, message, received_ns))
            if learning is not None:
                self._finish(learning)
            learning = _Begun(envelope.sequence, replies, error)
            if self._alone or not isinstance(message, Learn):
                self._finish(learning)
                learning = None

    def _finish(self, begun: _Begun) -> None:
        """Wait until a request is carried out, and answer it."""
        frames: Iterable[bytes] = ()
        error = begun.error
        if error is None:
            frames, error = self._attempt(partial(self._encoded, begun))
        if error is not None:
            frames = [self.error(error, begun.sequence)]
        self._answer(Answer(self.number, begun.sequence, list(frames)))

    def _encoded(self, begun: _Begun) -> list[bytes]:
        parts = list(begun.replies)
        return [
            encode(reply, session=self.number, sequence=begun.sequence, reply=True, part=k, parts=len(parts))
            for k, reply in enumerate(parts)
        ]

    def _attempt(self, work: Callable[[], Iterable[_T]]) -> tuple[Iterable[_T], WireError | None]:
        """What `work` returns, or nothing and why it failed."""
        try:
            return work(), None
        except (ChipError, NoiseError) as error:
            return (), WireError(ErrorCode.REFUSED, str(error))
        except WireError as error:
            return (), error
        except MemoryError:
            text = "the chip server has no memory left for this: send fewer windows at a time"
            return (), WireError(ErrorCode.TOO_LARGE, text)
        except Exception as error:  # a defect of ours: the host hears of it, other sessions go on
            for line in traceback.format_exc().splitlines():
                self._say(printable(f"{self.name}: {line}"))
            text = f"the chip server failed ({type(error).__name__}); its own output says more"
            return (), WireError(ErrorCode.INTERNAL, text)
