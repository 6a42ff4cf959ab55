"""What crossed the wire: messages and bytes by kind, both ways."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any, Literal

Direction = Literal["down", "up"]  # from host to chip, from chip to host

# What comes back of windows: of READ_BACK, the state of neurons; its INFERRED is counted with those of INFER.
_ANSWERS = {"LEARN": "LEARNED", "INFER": "INFERRED", "READ_BACK": "TRACES"}
_ANSWERED_BY = {"LEARNED": ("LEARN",), "INFERRED": ("INFER", "READ_BACK"), "TRACES": ("READ_BACK",)}


@dataclass
class Count:
    """Of one kind of message in one direction."""

    messages: int = 0
    bytes: int = 0


@dataclass
class Traffic:
    """Counts by direction and kind, frames' headers included, and how much of it was needed twice."""

    down: dict[str, Count] = field(default_factory=lambda: defaultdict(Count))
    up: dict[str, Count] = field(default_factory=lambda: defaultdict(Count))
    windows: dict[str, int] = field(default_factory=lambda: defaultdict(int))  # shown, by kind of message
    resent: int = 0  # frames that were sent again, because they or their answers were lost or damaged
    damaged: int = 0  # frames from the chip that could not be read
    repeated: int = 0  # replies that came once more than they were needed

    def add(self, direction: Direction, kind: str, n_bytes: int) -> None:
        count = (self.down if direction == "down" else self.up)[kind]
        count.messages += 1
        count.bytes += n_bytes

    def total(self, direction: Direction) -> int:
        """Bytes."""
        return sum(count.bytes for count in (self.down if direction == "down" else self.up).values())

    def per_window(self, asks: str) -> tuple[float, float] | None:
        """Bytes down and up for each window of LEARN, INFER or READ_BACK; None if there were no windows."""
        n = self.windows.get(asks, 0)
        answer = _ANSWERS[asks]
        n_answered = sum(self.windows.get(kind, 0) for kind in _ANSWERED_BY[answer])
        return (self.down[asks].bytes / n, self.up[answer].bytes / n_answered) if n else None

    def to_json(self) -> dict[str, Any]:
        def plain(counts: dict[str, Count]) -> dict[str, Any]:
            return {kind: {"messages": c.messages, "bytes": c.bytes} for kind, c in sorted(counts.items())}

        def per_sample(asks: str) -> dict[str, float] | None:
            per_window = self.per_window(asks)
            return None if per_window is None else {"down": per_window[0], "up": per_window[1]}

        return {
            "down": plain(self.down),
            "up": plain(self.up),
            "bytes_down": self.total("down"),
            "bytes_up": self.total("up"),
            "windows": {kind: n for kind, n in sorted(self.windows.items()) if n},
            "bytes_per_sample": {
                "learning": per_sample("LEARN"),
                "inference": per_sample("INFER"),
                "read_back": per_sample("READ_BACK"),
            },
            "resent_frames": self.resent,
            "damaged_frames": self.damaged,
            "repeated_frames": self.repeated,
        }
