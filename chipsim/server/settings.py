"""What a chip server allows its hosts."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from chipsim.wire import HEADER_BYTES, Limits

MIB = 1 << 20
_CURVE_BYTES = 64  # that encryption adds to a frame, at most


@dataclass(frozen=True)
class ServerSettings:
    """Times in seconds, sizes in bytes."""

    bind: str = "tcp://127.0.0.1:5555"
    dies: int = 1  # sessions at the same time, each with a die of its own
    threads: int = 1  # of each die
    keys: Path | None = None  # folder with the server's own keys, see chipsim.server.keys; None: no encryption
    allow: Path | None = None  # folder with the public keys of the hosts that are let in
    idle_s: float = 600.0  # of silence, after which a session ends and its die is free
    in_flight: int = 8  # requests of a session that are not answered yet
    die_bytes: int = 4096 * MIB  # that all dies may take together
    counts_bytes: int = 64 * MIB  # of spike counts that a session can still be asked for
    bytes_per_s: float = 4096.0 * MIB  # of a session; what comes faster is dropped, and asked for again
    strangers: int = 128  # connections without a session, the oldest of which gives way to a new one
    strangers_per_address: int = 16
    strangers_per_s: float = 400.0  # frames outside of a session, of all connections together; each has its share
    limits: Limits = field(default_factory=Limits)

    @property
    def message_bytes(self) -> int:
        """Of the largest frame, encrypted; longer ones are not even received."""
        return HEADER_BYTES + self.limits.payload_bytes + _CURVE_BYTES
