"""Where a run's die comes from: this process, or a chip server behind a wire."""

from __future__ import annotations

from typing import Any, Protocol

from chipsim import Chip, ChipInterface, ChipSpec
from host.link import Timeline
from host.link.traffic import CountedChip, Traffic


class ChipSource(Protocol):
    """Makes dies, and knows what crossed the wire to them."""

    @property
    def timeline(self) -> Timeline | None:
        """Where host and chip write down when they worked; None if nobody wants to know."""

    def die(self, spec: ChipSpec, die_seed: int) -> ChipInterface:
        """A die that is not programmed yet. Raises ChipError, LinkError."""

    def link(self) -> dict[str, Any]:
        """What crossed the wire, or would have, for the record."""


class InProcess:
    """Dies in this process: nothing is copied, packed or sent, but what would be is counted."""

    def __init__(self, threads: int, timeline: Timeline | None = None) -> None:
        self.timeline = timeline
        self._threads = threads
        self._traffic = Traffic()

    def die(self, spec: ChipSpec, die_seed: int) -> ChipInterface:
        return CountedChip(Chip(spec, die_seed, self._threads), self._traffic, self.timeline or Timeline())

    def link(self) -> dict[str, Any]:
        return {"chip": "in process", **self._traffic.to_json()}
