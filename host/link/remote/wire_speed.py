"""A wire that is imposed: slower than the one that is there, so that a designer sees what the cable costs."""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic, sleep

from host.link.traffic import Direction


@dataclass(frozen=True)
class WireSpeed:
    """What it can carry, each way at the same time."""

    bytes_per_s: float
    latency_s: float  # one way


class ImposedWire:
    """Makes the host wait as long as frames would take on a wire of such speed; without a speed, not at all."""

    def __init__(self, speed: WireSpeed | None) -> None:
        self._speed = speed
        self._free_at: dict[Direction, float] = {"down": 0.0, "up": 0.0}  # when it has carried all that it was given
        self.stalled_s = 0.0  # for which the host has waited

    def carry(self, direction: Direction, n_bytes: int) -> None:
        """Wait until so many bytes are carried; those of a reply also for its own way and that of its request."""
        if self._speed is None:
            return
        now = monotonic()
        free_at = max(now, self._free_at[direction]) + n_bytes / self._speed.bytes_per_s
        self._free_at[direction] = free_at
        wait = free_at - now + (2 * self._speed.latency_s if direction == "up" else 0.0)
        self.stalled_s += wait
        sleep(wait)

    def to_json(self) -> dict[str, float] | None:
        """The speed, and how long the host waited; None if there is none."""
        if self._speed is None:
            return None
        return {
            "mbit_per_s": self._speed.bytes_per_s * 8 / 1e6,
            "latency_us": self._speed.latency_s * 1e6,
            "stalled_s": round(self.stalled_s, 3),
        }
