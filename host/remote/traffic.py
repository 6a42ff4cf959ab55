"""What crossed the wire: messages and bytes by kind, both ways."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any, Literal

Direction = Literal["down", "up"]  # from host to chip, from chip to host


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

    def per_window(self, sent: str, received: str) -> tuple[float, float] | None:
        """Bytes down and up for each window of a kind of message and its answers; None if there were no windows."""
        n = self.windows.get(sent, 0)
        return (self.down[sent].bytes / n, self.up[received].bytes / n) if n else None

    def to_json(self) -> dict[str, Any]:
        def plain(counts: dict[str, Count]) -> dict[str, Any]:
            return {kind: {"messages": c.messages, "bytes": c.bytes} for kind, c in sorted(counts.items())}

        learning, inference = self.per_window("LEARN", "LEARNED"), self.per_window("INFER", "INFERRED")
        return {
            "down": plain(self.down),
            "up": plain(self.up),
            "bytes_down": self.total("down"),
            "bytes_up": self.total("up"),
            "windows": dict(self.windows),
            "bytes_per_sample": {
                "learning": None if learning is None else {"down": learning[0], "up": learning[1]},
                "inference": None if inference is None else {"down": inference[0], "up": inference[1]},
            },
            "resent_frames": self.resent,
            "damaged_frames": self.damaged,
            "repeated_frames": self.repeated,
        }
