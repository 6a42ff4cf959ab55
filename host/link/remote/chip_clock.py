"""When the chip did what, on the host's clock."""

from __future__ import annotations

from chipsim.wire import Times
from host.link.timeline import Timeline


class ChipClock:
    """How far the chip's clock is ahead of the host's, from requests that must arrive after they were sent.

    On one machine both read the same clock: the difference is 0 as long as that contradicts nothing.
    """

    def __init__(self) -> None:
        self._low, self._high = -(1 << 62), 1 << 62

    def record(self, sent_ns: int, times: Times, done_ns: int) -> None:
        """A request was sent and its reply had come at these times of the host's clock."""
        self._low = max(self._low, times.ended - done_ns)
        self._high = min(self._high, times.received - sent_ns)

    @property
    def ahead_ns(self) -> int:
        if self._low <= 0 <= self._high:
            return 0
        return (self._low + self._high) // 2


def draw_request(timeline: Timeline, clock: ChipClock, kind: str, sent_ns: int, times: Times, done_ns: int) -> None:
    """Put a request's way to the chip, what the chip did, and its reply's way back on the timeline."""
    clock.record(sent_ns, times, done_ns)
    received, begun, unpacked, ended = (
        instant - clock.ahead_ns for instant in (times.received, times.begun, times.unpacked, times.ended)
    )
    timeline.add("wire", "down", sent_ns, received)
    timeline.add("chip", "unpack", begun, unpacked)
    timeline.add("chip", kind, unpacked, ended)
    timeline.add("wire", "up", ended, done_ns)
