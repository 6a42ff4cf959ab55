"""What comes back of a chunk from a chip behind a wire: read when somebody looks, and only what is looked at."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chipsim import ChipSpec, Probe, ProbeSignals, Result
from chipsim.execution import ABSTAINED, AnyProbe, answers_of, signal_names
from chipsim.wire import Counts, Inferred, Learned, Limits, Message, ReadCounts, Signals, assembled
from chipsim.wire.messages import probe_signals
from host.link.remote.answers import (
    ACTIVITY,
    WORK,
    Expected,
    arrays_of,
    check_signals,
    checked,
    checked_classes,
    checked_tallies,
    counts_expected,
    membrane_expected,
)
from host.link.remote.connection import Connection
from host.link.remote.request import PendingRequest
from host.link.traffic import CountsOnRequest


class RemoteResult(Result):
    """As `chipsim.Result`. Looking at anything waits until the chip is done with the chunk."""

    _connection: Connection
    _requests: list[PendingRequest]
    _probes: tuple[AnyProbe, ...]
    _spec: ChipSpec

    def __init__(
        self, connection: Connection, requests: list[PendingRequest], spec: ChipSpec, probes: tuple[AnyProbe, ...]
    ) -> None:
        """requests: the chunk's, which follow each other."""
        self.__dict__.update(_connection=connection, _requests=requests, _probes=probes, _spec=spec)
        self.__dict__["counts"] = CountsOnRequest(spec.n_layers, partial(self._read_counts, "count"))
        self.__dict__["window_counts"] = []
        if spec.windows > 1:
            self.__dict__["window_counts"] = CountsOnRequest(spec.n_layers, partial(self._read_counts, "window_count"))

    def _read_counts(self, name: str, layers: list[int]) -> list[NDArray[np.float32]]:
        parts = self._read(layers, False, partial(counts_expected, self._spec, layers=layers))
        return [np.concatenate([part[f"layer{layer}.{name}"] for part in parts], dtype=np.float32) for layer in layers]

    def _read(
        self, layers: list[int], membranes: bool, expected: Callable[[int], dict[str, Expected]]
    ) -> list[dict[str, NDArray[Any]]]:
        """Of each request what the chip still knows of it. expected: of so many windows. Raises LinkError."""
        asked = [self._connection.send(ReadCounts(each.sequence, tuple(layers), membranes)) for each in self._requests]
        with self._connection.making_sense():
            return [
                checked(arrays_of(self._connection.answer(reading), Counts), expected(request.windows))
                for reading, request in zip(asked, self._requests, strict=True)
            ]

    @cached_property
    def _replies(self) -> list[list[Message]]:
        return [self._connection.answer(request) for request in self._requests]

    @cached_property
    def _arrays(self) -> list[dict[str, NDArray[Any]]]:
        """Of each request, what LEARNED or INFERRED held. Raises LinkError."""
        firsts = [first for [first, *_] in self._replies if isinstance(first, Learned | Inferred)]
        with self._connection.making_sense():
            return [assembled(first.pieces, Limits()) for first in firsts]

    @cached_property
    def _tallies(self) -> list[dict[str, NDArray[Any]]]:
        with self._connection.making_sense():
            return [checked_tallies(self._spec, arrays) for arrays in self._arrays]

    @cached_property
    def activity(self) -> dict[str, NDArray[np.int64]]:
        return self._summed(ACTIVITY)

    @cached_property
    def work(self) -> dict[str, NDArray[np.int64]]:
        return self._summed(WORK)

    def _summed(self, prefix: str) -> dict[str, NDArray[np.int64]]:
        names = [name for name in self._tallies[0] if name.startswith(prefix)]
        return {name[len(prefix) :]: np.sum([arrays[name] for arrays in self._tallies], axis=0) for name in names}

    @cached_property
    def classes(self) -> NDArray[np.int64]:
        """(S,) as the chip tells them; of a chunk that was learned, from counts and membranes."""
        if isinstance(self._replies[0][0], Learned):
            return answers_of(self.counts[-1], self.membrane, self.outputs_fire).classes
        told = zip(self._requests, self._arrays, strict=True)
        with self._connection.making_sense():
            classes = [checked_classes(self._spec, request.windows, arrays) for request, arrays in told]
        answers = np.concatenate(classes, dtype=np.int64)
        return np.where(answers < self._spec.layer_sizes[-1], answers, ABSTAINED)

    @property
    def outputs_fire(self) -> bool:
        return self._spec.neuron.outputs_fire

    @cached_property
    def membrane(self) -> NDArray[np.float32]:
        parts = self._read([], True, partial(membrane_expected, self._spec))
        return np.concatenate([part["membrane"] for part in parts], dtype=np.float32)

    @cached_property
    def _seen(self) -> dict[int, dict[str, NDArray[Any]]]:
        """Of each probed layer all that its probe saw, by name. Raises LinkError."""
        with self._connection.making_sense():
            all_signals = [arrays_of(replies, Signals) for replies in self._replies]
            return {probe.layer: probe_signals.joined(self._parts(probe, all_signals)) for probe in self._probes}

    def _parts(self, probe: AnyProbe, all_signals: list[dict[str, NDArray[Any]]]) -> list[dict[str, NDArray[Any]]]:
        """Of each request what a probe saw. Raises WireError."""
        parts = [probe_signals.of_layer(signals, probe.layer) for signals in all_signals]
        for request, part in zip(self._requests, parts, strict=True):
            check_signals(self._spec, probe, request.windows, part)
        return parts

    @cached_property
    def signals(self) -> dict[int, ProbeSignals]:
        fully = [probe.layer for probe in self._probes if isinstance(probe, Probe)]
        with self._connection.making_sense():
            return {
                layer: probe_signals.from_arrays(
                    {name: array for name, array in seen.items() if name != probe_signals.SPIKES},
                    signal_names(self._spec, layer),
                )
                for layer, seen in self._seen.items()
                if layer in fully
            }

    @cached_property
    def probed_membranes(self) -> dict[int, NDArray[np.float32]]:
        return {layer: signals.membrane for layer, signals in self.signals.items()}

    @cached_property
    def spikes(self) -> dict[int, NDArray[np.uint8]]:
        return {layer: seen[probe_signals.SPIKES] for layer, seen in self._seen.items()}
