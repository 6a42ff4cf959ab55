"""Which requests of a session are carried out: each once and in order, whatever the wire does to the frames."""

from __future__ import annotations

from collections import OrderedDict
from enum import Enum, auto
from time import monotonic

from chipsim.wire import following, is_later, steps

FIRST = 1  # sequence number of a session's first request
_LARGE = 1 << 22  # bytes of a reply that is kept only until the next request: hosts ask for such things one at a time


class Admission(Enum):
    """What to do with a request."""

    CARRY_OUT = auto()
    REPEAT = auto()  # it was carried out before: its reply goes out again
    WAIT = auto()  # it is being carried out: its reply will come
    GAP = auto()  # one before it is missing


class Inbox:
    """The requests of one session by their sequence numbers, and the replies that may have to be sent again."""

    def __init__(self, in_flight: int) -> None:
        """in_flight: the host sends request n only once it has the reply to request n - in_flight."""
        self._in_flight = in_flight
        self._kept: OrderedDict[int, list[bytes]] = OrderedDict()
        self.expected = FIRST

    def judge(self, sequence: int) -> Admission:
        """What to do with request `sequence`; one that is to be carried out counts as taken."""
        if is_later(sequence, self.expected):
            return Admission.GAP
        if sequence != self.expected:
            return Admission.REPEAT if sequence in self._kept else Admission.WAIT
        self.expected = following(self.expected)
        for old, frames in list(self._kept.items()):
            if steps(old, sequence) >= self._in_flight or sum(map(len, frames)) > _LARGE:
                del self._kept[old]
        return Admission.CARRY_OUT

    def replied(self, sequence: int, frames: list[bytes]) -> None:
        """The reply to a request, to be kept."""
        self._kept[sequence] = frames

    def reply(self, sequence: int) -> list[bytes]:
        """The reply to a request that is to be repeated."""
        return self._kept[sequence]


class MessageRate:
    """A bucket that fills with so much per second, up to a second's worth."""

    def __init__(self, per_s: float) -> None:
        self._per_s = per_s
        self._level = per_s
        self._at = monotonic()

    def take(self, amount: float) -> bool:
        """Whether there is so much; it is taken then. What is more than a full bucket empties it."""
        now = monotonic()
        self._level = min(self._per_s, self._level + (now - self._at) * self._per_s)
        self._at = now
        if min(amount, self._per_s) > self._level:
            return False
        self._level -= min(amount, self._per_s)
        return True
