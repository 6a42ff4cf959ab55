"""Where a run's die comes from: this process, or a chip server behind a wire."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from time import monotonic_ns
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from chipsim import Chip, ChipInterface, ChipSpec, Events, Probe, Result, Snapshot, Targets, Weights
from chipsim.result import Awaited
from host.timeline import Timeline


class ChipSource(Protocol):
    """Makes dies, and knows what crossed the wire to them."""

    @property
    def timeline(self) -> Timeline | None:
        """Where host and chip write down when they worked; None if nobody wants to know."""

    def die(self, spec: ChipSpec, die_seed: int) -> ChipInterface:
        """A die that is not programmed yet. Raises ChipError, LinkError."""

    def link(self) -> dict[str, Any]:
        """What crossed the wire, for the record."""


class InProcess:
    """Dies in this process: nothing is copied, packed or sent."""

    def __init__(self, threads: int, timeline: Timeline | None = None) -> None:
        self.timeline = timeline
        self._threads = threads

    def die(self, spec: ChipSpec, die_seed: int) -> ChipInterface:
        chip = Chip(spec, die_seed, self._threads)
        return chip if self.timeline is None else _TimedChip(chip, self.timeline)

    def link(self) -> dict[str, Any]:
        return {"chip": "in process", "counted": False}


class _TimedChip:
    """A chip in this process that writes down when it works."""

    def __init__(self, chip: Chip, timeline: Timeline) -> None:
        self.spec = chip.spec
        self.die_seed = chip.die_seed
        self._chip = chip
        self._timeline = timeline
        self._free = 0  # since when, in nanoseconds: the chip learns one chunk after the other

    def program(self, weights: Weights) -> None:
        self._chip.program(weights)

    def infer(self, events: Events, windows: NDArray[np.int64], probes: Sequence[Probe] = ()) -> Result:
        with self._timeline.span("chip", "infer"):
            return self._chip.infer(events, windows, probes)

    def learn(
        self,
        events: Events,
        windows: NDArray[np.int64],
        targets: Targets,
        rates: NDArray[np.float32],
        probes: Sequence[Probe] = (),
    ) -> Result:
        called = monotonic_ns()
        result = self._chip.learn(events, windows, targets, rates, probes)

        def finish() -> Result:
            _ = result.counts  # waits
            ended = monotonic_ns()
            self._timeline.add("chip", "learn", max(called, self._free), ended)
            self._free = ended
            return result

        return Awaited(finish)

    def age(self, seconds: float) -> None:
        self._chip.age(seconds)

    def weights(self) -> list[tuple[NDArray[np.float32], NDArray[np.float32]]]:
        return self._chip.weights()

    def snapshot(self) -> Snapshot:
        return self._chip.snapshot()

    def restore(self, snapshot: Mapping[str, NDArray[np.generic]]) -> None:
        self._chip.restore(snapshot)
