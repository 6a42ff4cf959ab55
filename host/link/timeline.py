"""Who was busy with what, and when: spans of time of host, wire and chip on one clock."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic_ns
from typing import Literal

Lane = Literal["host", "wire", "chip"]
# What is done where; the host's waiting is no work.
KINDS: dict[Lane, tuple[str, ...]] = {
    "host": ("encode", "targets", "pack", "send", "wait"),
    "wire": ("down", "up"),
    "chip": ("unpack", "learn", "infer"),
}
HOST_WORK = ("encode", "targets", "pack", "send")
_MOST = 200_000  # spans that are kept; the oldest go first


@dataclass(frozen=True)
class Span:
    """Nanoseconds of this machine's monotonic clock."""

    lane: Lane
    kind: str
    begin_ns: int
    end_ns: int


class Timeline:
    """Spans in the order in which they ended. Threads may add at the same time."""

    def __init__(self) -> None:
        self._spans: deque[Span] = deque(maxlen=_MOST)

    def add(self, lane: Lane, kind: str, begin_ns: int, end_ns: int) -> None:
        self._spans.append(Span(lane, kind, begin_ns, end_ns))

    @contextmanager
    def span(self, lane: Lane, kind: str) -> Iterator[None]:
        """What happens inside."""
        begin = monotonic_ns()
        try:
            yield
        finally:
            self.add(lane, kind, begin, monotonic_ns())

    def spans(self) -> list[Span]:
        return list(self._spans)


@dataclass(frozen=True)
class Overlap:
    """How well host and chip worked at the same time, in a stretch of time."""

    seconds: float
    host_s: float  # at least one of the host's threads worked
    chip_s: float  # the chip worked
    hidden_s: float  # both did

    @property
    def hidden(self) -> float:
        """Share of the host's work that cost no time, since the chip worked meanwhile."""
        return self.hidden_s / self.host_s if self.host_s else 1.0

    @property
    def chip_waits(self) -> float:
        """Share of the time in which the chip had nothing to do."""
        return 1 - self.chip_s / self.seconds if self.seconds else 0.0


def overlap(spans: list[Span]) -> Overlap:
    """Of all the spans, from the first one's begin to the last one's end."""
    host = _merged([(s.begin_ns, s.end_ns) for s in spans if s.lane == "host" and s.kind in HOST_WORK])
    chip = _merged([(s.begin_ns, s.end_ns) for s in spans if s.lane == "chip"])
    if not spans:
        return Overlap(0.0, 0.0, 0.0, 0.0)
    seconds = (max(s.end_ns for s in spans) - min(s.begin_ns for s in spans)) / 1e9
    return Overlap(seconds, _length(host), _length(chip), _length(host) + _length(chip) - _length(_merged(host + chip)))


def _merged(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The same times without overlaps, in order."""
    merged: list[tuple[int, int]] = []
    for begin, end in sorted(ranges):
        if merged and begin <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((begin, end))
    return merged


def _length(ranges: list[tuple[int, int]]) -> float:
    return sum(end - begin for begin, end in ranges) / 1e9
