"""A die behind a wire, as `chipsim.ChipInterface`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from chipsim import AdcSpec, ChipError, ChipSpec, Events, Readings, Result, Snapshot, Targets, Weights
from chipsim.die import in_crossbars
from chipsim.execution import (
    AnyProbe,
    check_adc,
    check_chunk,
    check_events,
    check_probes,
    check_seconds,
    check_targets,
    checked_broadcast,
    rates_per_layer,
    window_numbers,
)
from chipsim.wire import Age, Infer, Learn, Limits, ReadBack, ReadWeights, State, Traces, WireError, configure
from chipsim.wire import Snapshot as AskSnapshot
from chipsim.wire import Weights as WeightsRead
from chipsim.wire.messages import requests
from chipsim.wire.packing import unpacked_traces
from host.link.remote.answers import arrays_of, checked, weights_expected
from host.link.remote.connection import Connection
from host.link.remote.remote_result import RemoteResult
from host.link.remote.request import PendingRequest

_Run = Learn | Infer | ReadBack


class RemoteChip:
    """One die. A command is carried out before those that follow; learning and inference do not wait for their end."""

    def __init__(self, connection: Connection, spec: ChipSpec, die_seed: int) -> None:
        """Let the server fabricate die `die_seed`. Raises ChipError, LinkError."""
        self.spec = spec
        self.die_seed = die_seed
        self._connection = connection
        welcome = connection.welcome
        self._limits = replace(Limits(), payload_bytes=welcome.payload_bytes, windows=welcome.windows)
        try:
            connection.ask(configure(spec, die_seed))
        except WireError as error:  # a kernel or a stride that no field holds
            raise ChipError(str(error)) from None
        self._programmed = False

    def program(self, weights: Weights) -> None:
        """As `chipsim.Chip.program`."""
        in_crossbars(weights, self.spec.shapes, self.spec.thresholds_th)
        self._connection.ask_in_parts(requests.program(weights, self._limits))
        self._programmed = True

    def infer(self, events: Events, windows: NDArray[np.int64], probes: Sequence[AnyProbe] = ()) -> Result:
        """As `chipsim.Chip.infer`; the result may still be on its way."""
        windows = self._checked(events, windows, probes)
        sent = self._send(requests.infer(self.spec, events, windows, probes, self._limits, requests.PACKED))
        return RemoteResult(self._connection, sent, self.spec, tuple(probes))

    def read_back(self, events: Events, windows: NDArray[np.int64], adc: AdcSpec) -> tuple[Result, Readings]:
        """As `chipsim.Chip.read_back`."""
        check_adc(self.spec, adc)
        windows = self._checked(events, windows, ())
        sent = self._send(requests.read_back(self.spec, events, windows, adc, self._limits, requests.PACKED))
        result = RemoteResult(self._connection, sent, self.spec, ())
        sizes = [request.windows for request in sent]
        with self._connection.making_sense():
            parts = [arrays_of(self._connection.answer(request), Traces) for request in sent]
            return result, unpacked_traces(self.spec, parts, sizes, adc)

    def learn(
        self,
        events: Events,
        windows: NDArray[np.int64],
        targets: Targets,
        rates: NDArray[np.float32],
        probes: Sequence[AnyProbe] = (),
        broadcast: NDArray[np.float32] | None = None,
    ) -> Result:
        """As `chipsim.Chip.learn`; the result may still be on its way."""
        windows = window_numbers(windows)
        check_targets(self.spec, len(windows), targets)
        rates = np.asarray(rates, np.float32)
        rates_per_layer(self.spec, len(windows), rates)
        told = checked_broadcast(self.spec, len(windows), broadcast)
        windows = self._checked(events, windows, probes)
        sent = self._send(
            requests.learn(self.spec, events, windows, targets, rates, probes, self._limits, requests.PACKED, told)
        )
        return RemoteResult(self._connection, sent, self.spec, tuple(probes))

    def age(self, seconds: float) -> None:
        """As `chipsim.Chip.age`."""
        self._check_programmed()
        check_seconds(seconds)
        self._connection.ask(Age(float(seconds)))

    def weights(self) -> list[tuple[NDArray[np.float32], NDArray[np.float32]]]:
        """As `chipsim.Chip.weights`."""
        self._check_programmed()
        with self._connection.making_sense():
            told = arrays_of(self._connection.ask(ReadWeights()), WeightsRead)
            arrays = checked(told, weights_expected(self.spec))
        layers = range(1, self.spec.n_layers + 1)
        return [(arrays[f"layer{n}.weight"], arrays[f"layer{n}.bias"]) for n in layers]

    def snapshot(self) -> Snapshot:
        """As `chipsim.Chip.snapshot`."""
        self._check_programmed()
        with self._connection.making_sense():
            return arrays_of(self._connection.ask(AskSnapshot()), State)

    def restore(self, snapshot: Mapping[str, NDArray[np.generic]]) -> None:
        """As `chipsim.Chip.restore`."""
        self._check_programmed()
        self._connection.ask_in_parts(requests.restore(snapshot, self._limits))

    def _check_programmed(self) -> None:
        if not self._programmed:
            raise ChipError("this chip has no weights yet: call program() first")

    def _checked(self, events: Events, windows: NDArray[np.int64], probes: Sequence[AnyProbe]) -> NDArray[np.int64]:
        """The windows' numbers, once it is clear that the chip could run them."""
        self._check_programmed()
        windows = window_numbers(windows)
        check_chunk(self.spec, events, windows)
        check_events(self.spec, events)
        check_probes(probes, self.spec)
        return windows

    def _send(self, messages: Iterator[_Run]) -> list[PendingRequest]:
        """Send the frames of a chunk, each packed when the one before is on its way."""
        sent: list[PendingRequest] = []
        while True:
            with self._connection.timeline.span("host", "pack"):
                try:
                    message = next(messages, None)
                except WireError as error:
                    raise ChipError(str(error)) from None
            if message is None:
                return sent
            sent.append(self._connection.send(message, windows=len(message.windows)))
