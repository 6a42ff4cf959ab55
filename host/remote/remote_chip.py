"""A die behind a wire, as `chipsim.ChipInterface`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from chipsim import ChipError, ChipSpec, Events, Probe, Result, Snapshot, Targets, Weights
from chipsim.checks import check_chunk, check_seconds, check_targets, rates_per_layer
from chipsim.probe import check_probes
from chipsim.programming import in_crossbars
from chipsim.wire import (
    Age,
    Infer,
    Learn,
    PackedEvents,
    PackedTargets,
    Program,
    ReadWeights,
    Restore,
    State,
    Watch,
    WireError,
    in_pieces,
    pack_events,
    pack_targets,
)
from chipsim.wire import Snapshot as AskSnapshot
from chipsim.wire import Weights as WeightsRead
from chipsim.wire.recipe import configure
from host.remote.connection import Connection
from host.remote.remote_result import RemoteResult, arrays_of

_WINDOWS_PER_FRAME = 512  # so that the chip can begin while the rest of a chunk is still being packed
_PIECE_BYTES = 1 << 20  # of arrays in a frame of a long command


class RemoteChip:
    """One die. A command is carried out before those that follow; learning and inference do not wait for their end."""

    def __init__(self, connection: Connection, spec: ChipSpec, die_seed: int) -> None:
        """Let the server fabricate die `die_seed`. Raises ChipError, LinkError."""
        self.spec = spec
        self.die_seed = die_seed
        self._connection = connection
        connection.ask(configure(spec, die_seed))
        self._programmed = False
        self._piece_bytes = min(_PIECE_BYTES, connection.welcome.payload_bytes // 2)

    def program(self, weights: Weights) -> None:
        """As `chipsim.Chip.program`."""
        arrays: dict[str, NDArray[np.float32]] = {}
        for number, (weight, bias) in enumerate(in_crossbars(weights, self.spec.shapes), start=1):
            with np.errstate(over="ignore"):
                arrays[f"layer{number}.weight"] = np.asarray(weight, np.float32)
                arrays[f"layer{number}.bias"] = np.asarray(bias, np.float32)
        self._connection.ask_in_parts(Program(pieces) for pieces in in_pieces(arrays, self._piece_bytes))
        self._programmed = True

    def infer(self, events: Events, windows: NDArray[np.int64], probes: Sequence[Probe] = ()) -> Result:
        """As `chipsim.Chip.infer`; the result may still be on its way."""
        windows = self._checked(events, windows, probes)
        watched = _watches(probes)
        requests = []
        for part in self._parts(len(windows)):
            infer = Infer(windows[part], self._packed_events(events, part), watched)
            requests.append(self._connection.send(infer, windows=len(infer.windows)))
        return RemoteResult(self._connection, requests, self.spec, tuple(probes))

    def learn(
        self,
        events: Events,
        windows: NDArray[np.int64],
        targets: Targets,
        rates: NDArray[np.float32],
        probes: Sequence[Probe] = (),
    ) -> Result:
        """As `chipsim.Chip.learn`; the result may still be on its way."""
        check_targets(self.spec, len(windows), targets)
        rates = np.asarray(rates, np.float32)
        rates_per_layer(self.spec, len(windows), rates)
        windows = self._checked(events, windows, probes)
        watched = _watches(probes)
        requests = []
        for part in self._parts(len(windows)):
            learn = Learn(
                windows[part],
                self._packed_events(events, part),
                self._packed_targets([target[part] for target in targets if target is not None]),
                rates[part],
                watched,
            )
            requests.append(self._connection.send(learn, windows=len(learn.windows)))
        return RemoteResult(self._connection, requests, self.spec, tuple(probes))

    def age(self, seconds: float) -> None:
        """As `chipsim.Chip.age`."""
        self._check_programmed()
        check_seconds(seconds)
        self._connection.ask(Age(float(seconds)))

    def weights(self) -> list[tuple[NDArray[np.float32], NDArray[np.float32]]]:
        """As `chipsim.Chip.weights`."""
        self._check_programmed()
        arrays = arrays_of(self._connection.ask(ReadWeights()), WeightsRead)
        layers = range(1, self.spec.n_layers + 1)
        return [(arrays[f"layer{n}.weight"], arrays[f"layer{n}.bias"]) for n in layers]

    def snapshot(self) -> Snapshot:
        """As `chipsim.Chip.snapshot`."""
        self._check_programmed()
        return dict(arrays_of(self._connection.ask(AskSnapshot()), State))

    def restore(self, snapshot: Mapping[str, NDArray[np.generic]]) -> None:
        """As `chipsim.Chip.restore`."""
        self._check_programmed()
        self._connection.ask_in_parts(Restore(pieces) for pieces in in_pieces(snapshot, self._piece_bytes))

    def _check_programmed(self) -> None:
        if not self._programmed:
            raise ChipError("this chip has no weights yet: call program() first")

    def _checked(self, events: Events, windows: NDArray[np.int64], probes: Sequence[Probe]) -> NDArray[np.int64]:
        """The windows' numbers, once it is clear that the chip could run them."""
        self._check_programmed()
        windows = np.ascontiguousarray(windows, np.int64)
        check_chunk(self.spec, events, windows)
        check_probes(probes, self.spec)
        return windows

    def _parts(self, n_windows: int) -> list[slice]:
        """The windows of each frame."""
        size = min(_WINDOWS_PER_FRAME, self._connection.welcome.windows)
        return [slice(start, min(start + size, n_windows)) for start in range(0, n_windows, size)]

    def _packed_events(self, events: Events, part: slice) -> PackedEvents:
        with self._connection.timeline.span("host", "pack"):
            try:
                return pack_events(Events(*(array[part] for array in events)), self.spec.layer_sizes[0])
            except WireError as error:
                raise ChipError(str(error)) from None

    def _packed_targets(self, targets: list[NDArray[np.float32]]) -> PackedTargets:
        with self._connection.timeline.span("host", "pack"):
            try:
                return pack_targets(targets, self.spec.target_bits)
            except WireError as error:
                raise ChipError(str(error)) from None


def _watches(probes: Sequence[Probe]) -> tuple[Watch, ...]:
    return tuple(Watch(probe.layer, tuple(probe.neurons), tuple(probe.rows)) for probe in probes)
