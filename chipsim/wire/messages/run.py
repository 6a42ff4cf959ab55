"""What a chip does with a chunk of windows, and what comes back. Layouts as in PROTOCOL.md."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from chipsim.wire.errors import ErrorCode, WireError
from chipsim.wire.limits import Limits
from chipsim.wire.messages.arrays import Piece, pieces_to_bytes, read_pieces
from chipsim.wire.messages.chunk import (
    Watch,
    events_to_bytes,
    probes_to_bytes,
    rates_to_bytes,
    read_events,
    read_probes,
    read_rates,
    read_targets,
    read_windows,
    targets_to_bytes,
    windows_to_bytes,
)
from chipsim.wire.messages.converters import Converters
from chipsim.wire.messages.cursor import Cursor, packed
from chipsim.wire.messages.die import Arrays
from chipsim.wire.messages.session import Parts
from chipsim.wire.packing import PackedEvents, PackedTargets

WINDOWS, SPIKES, TARGETS, RATES, PROBES, CONVERTERS = 1, 2, 3, 4, 5, 6  # sections, in this order
SECTIONS = {
    WINDOWS: "WINDOWS",
    SPIKES: "SPIKES",
    TARGETS: "TARGETS",
    RATES: "RATES",
    PROBES: "PROBES",
    CONVERTERS: "CONVERTERS",
}


def _section(kind: int, parts: Parts) -> Parts:
    return [packed("B3xI", kind, sum(len(part) for part in parts)), *parts]


def _read_section(cursor: Cursor, kind: int, read: Callable[[Cursor], Any]) -> Any:
    """The next section, which must be of this kind and exactly as long as it says."""
    found, length = cursor.read("B3xI")
    if found != kind:
        raise cursor.error(f"section {found} where {SECTIONS[kind]} ({kind}) must stand")
    inside = Cursor(cursor.take(length), SECTIONS[kind])
    value = read(inside)
    inside.end()
    return value


def _check_lengths(n_windows: int, **lengths: int) -> None:
    """Raises WireError if a part of a chunk is for another number of windows than the chunk has."""
    for what, n in lengths.items():
        if n != n_windows:
            raise WireError(
                ErrorCode.REFUSED, f"{what} of {n} windows in a chunk of {n_windows}: send as many as window numbers"
            )


@dataclass(frozen=True, eq=False)
class Learn:
    """Host: runs a chunk and learns from each window."""

    KIND: ClassVar[int] = 32
    windows: NDArray[np.int64]  # (S,) their numbers
    events: PackedEvents
    targets: PackedTargets
    rates: NDArray[np.float32]  # (S, 1) or (S, n_layers) learning rates; a broadcast is one more
    probes: tuple[Watch, ...] = ()
    broadcasts: bool = False  # whether the last of `rates` is a broadcast

    def to_bytes(self) -> Parts:
        _check_lengths(
            len(self.windows), events=self.events.n_windows, targets=self.targets.n_windows, rates=len(self.rates)
        )
        return [
            *_section(WINDOWS, windows_to_bytes(self.windows)),
            *_section(SPIKES, events_to_bytes(self.events)),
            *_section(TARGETS, targets_to_bytes(self.targets)),
            *_section(RATES, rates_to_bytes(self.rates, self.broadcasts)),
            *(_section(PROBES, probes_to_bytes(self.probes)) if self.probes else []),
        ]

    @classmethod
    def read(cls, cursor: Cursor, limits: Limits) -> Learn:
        windows = _read_section(cursor, WINDOWS, lambda inside: read_windows(inside, limits))
        n = len(windows)
        events = _read_section(cursor, SPIKES, lambda inside: read_events(inside, n, limits))
        targets = _read_section(cursor, TARGETS, lambda inside: read_targets(inside, n, limits))
        rates, broadcasts = _read_section(cursor, RATES, lambda inside: read_rates(inside, n, limits))
        probes = _read_section(cursor, PROBES, lambda inside: read_probes(inside, limits)) if cursor.left else ()
        return cls(windows, events, targets, rates, probes, broadcasts)

    def learning_rates(self) -> tuple[NDArray[np.float32], NDArray[np.float32] | None]:
        """(S,) or (S, n_layers) learning rates, and (S,) what is broadcast, if anything is."""
        rates, told = (self.rates[:, :-1], self.rates[:, -1]) if self.broadcasts else (self.rates, None)
        return rates[:, 0] if rates.shape[1] == 1 else rates, told


@dataclass(frozen=True, eq=False)
class Infer:
    """Host: runs a chunk and leaves the weights alone."""

    KIND: ClassVar[int] = 33
    windows: NDArray[np.int64]
    events: PackedEvents
    probes: tuple[Watch, ...] = ()

    def to_bytes(self) -> Parts:
        _check_lengths(len(self.windows), events=self.events.n_windows)
        return [
            *_section(WINDOWS, windows_to_bytes(self.windows)),
            *_section(SPIKES, events_to_bytes(self.events)),
            *(_section(PROBES, probes_to_bytes(self.probes)) if self.probes else []),
        ]

    @classmethod
    def read(cls, cursor: Cursor, limits: Limits) -> Infer:
        windows = _read_section(cursor, WINDOWS, lambda inside: read_windows(inside, limits))
        return cls(
            windows,
            _read_section(cursor, SPIKES, lambda inside: read_events(inside, len(windows), limits)),
            _read_section(cursor, PROBES, lambda inside: read_probes(inside, limits)) if cursor.left else (),
        )


@dataclass(frozen=True, eq=False)
class ReadBack:
    """Host: runs a chunk as INFER does, and wants to know what every neuron did at every step."""

    KIND: ClassVar[int] = 39
    windows: NDArray[np.int64]
    events: PackedEvents
    converters: Converters

    def to_bytes(self) -> Parts:
        _check_lengths(len(self.windows), events=self.events.n_windows)
        return [
            *_section(WINDOWS, windows_to_bytes(self.windows)),
            *_section(SPIKES, events_to_bytes(self.events)),
            *_section(CONVERTERS, self.converters.to_bytes()),
        ]

    @classmethod
    def read(cls, cursor: Cursor, limits: Limits) -> ReadBack:
        windows = _read_section(cursor, WINDOWS, lambda inside: read_windows(inside, limits))
        return cls(
            windows,
            _read_section(cursor, SPIKES, lambda inside: read_events(inside, len(windows), limits)),
            _read_section(cursor, CONVERTERS, Converters.read),
        )


@dataclass(frozen=True)
class Times:
    """When the chip worked on a request: nanoseconds of its own clock, or 0 where it has none."""

    received: int = 0
    begun: int = 0
    unpacked: int = 0
    ended: int = 0


@dataclass(frozen=True, eq=False)
class Done:
    """What comes back of a chunk besides signals."""

    KIND: ClassVar[int]
    times: Times
    pieces: tuple[Piece, ...]

    def to_bytes(self) -> Parts:
        times = self.times
        head = packed("QQQQ", times.received, times.begun, times.unpacked, times.ended)
        return [head, *pieces_to_bytes(self.pieces)]

    @classmethod
    def read(cls, cursor: Cursor, limits: Limits) -> Self:
        return cls(Times(*cursor.read("QQQQ")), read_pieces(cursor, limits))


class Learned(Done):
    """Chip: has learned. Tallies "activity.NAME" and "work.NAME" (n_layers,) int64; no neuron's state."""

    KIND: ClassVar[int] = 34


class Inferred(Done):
    """Chip: has run. Tallies as in LEARNED, and "classes" (S,) uint8 to uint32, n_out where no output neuron fired."""

    KIND: ClassVar[int] = 35


class Signals(Arrays):
    """Chip: what probes saw, "layerN.NAME", see `probe_signals`; "spikes" are among the names."""

    KIND: ClassVar[int] = 36


class Traces(Arrays):
    """Chip: what every neuron did, "layerN.codes" and "layerN.fired" uint8, packed as `chipsim.wire.packing.traces`
    says.
    """

    KIND: ClassVar[int] = 40


@dataclass(frozen=True)
class ReadCounts:
    """Host: asks for the spike counts of a chunk that has been run, layer by layer."""

    KIND: ClassVar[int] = 37
    request: int  # sequence number of the LEARN or INFER
    layers: tuple[int, ...]  # from 1
    membranes: bool = False  # those of the output neurons, too

    def to_bytes(self) -> Parts:
        return [packed(f"IBBxx{len(self.layers)}B", self.request, int(self.membranes), len(self.layers), *self.layers)]

    @classmethod
    def read(cls, cursor: Cursor, limits: Limits) -> ReadCounts:
        request, membranes, n = cursor.read("IBBxx")
        if membranes > 1:
            raise cursor.error("whether membranes are wanted is said by 0 or 1")
        cursor.at_most(n, limits.layers, "layers")
        layers = cursor.read(f"{n}B")
        if 0 in layers or len(set(layers)) < n:
            raise cursor.error("layers are numbered from 1, and each is asked for once")
        return cls(request, layers, bool(membranes))


class Counts(Arrays):
    """Chip: "layerN.count" (S, n_out) uint8 to uint32 where all are whole, else float32; "membrane" float32."""

    KIND: ClassVar[int] = 38
