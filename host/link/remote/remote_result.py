"""What comes back of a chunk from a chip behind a wire: read when somebody looks, and only what is looked at."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chipsim import ChipSpec, Probe, ProbeSignals, Result
from chipsim.run import ABSTAINED, answers_of, signal_names
from chipsim.wire import (
    Counts,
    Inferred,
    Learned,
    Limits,
    Message,
    ReadCounts,
    Signals,
    State,
    Traces,
    Weights,
    WireError,
    assembled,
)
from chipsim.wire.messages import probe_signals
from host.errors import LinkError
from host.link.remote.connection import Connection
from host.link.remote.request import PendingRequest
from host.link.traffic import CountsOnRequest

_ACTIVITY, _WORK = "activity.", "work."


def arrays_of(
    messages: list[Message], kind: type[State] | type[Weights] | type[Counts] | type[Signals] | type[Traces]
) -> dict[str, NDArray[Any]]:
    """The arrays that messages of one kind hold together."""
    return assembled([piece for message in messages if isinstance(message, kind) for piece in message.pieces], Limits())


class RemoteResult(Result):
    """As `chipsim.Result`. Looking at anything waits until the chip is done with the chunk."""

    _connection: Connection
    _requests: list[PendingRequest]
    _probes: tuple[Probe, ...]
    _spec: ChipSpec

    def __init__(
        self, connection: Connection, requests: list[PendingRequest], spec: ChipSpec, probes: tuple[Probe, ...]
    ) -> None:
        """requests: the chunk's, which follow each other."""
        self.__dict__.update(_connection=connection, _requests=requests, _probes=probes, _spec=spec)
        self.__dict__["counts"] = CountsOnRequest(spec.n_layers, self._read_counts)

    def _read_counts(self, layers: list[int]) -> list[NDArray[np.float32]]:
        asked = [self._connection.send(ReadCounts(request.sequence, tuple(layers))) for request in self._requests]
        parts = [arrays_of(self._connection.answer(request), Counts) for request in asked]
        return [np.concatenate([part[f"layer{layer}.count"] for part in parts], dtype=np.float32) for layer in layers]

    @cached_property
    def _replies(self) -> list[list[Message]]:
        return [self._connection.answer(request) for request in self._requests]

    @cached_property
    def _arrays(self) -> list[dict[str, NDArray[Any]]]:
        """Of each request, what LEARNED or INFERRED held."""
        firsts = [first for [first, *_] in self._replies if isinstance(first, Learned | Inferred)]
        return [assembled(first.pieces, Limits()) for first in firsts]

    @cached_property
    def activity(self) -> dict[str, NDArray[np.int64]]:
        return self._summed(_ACTIVITY)

    @cached_property
    def work(self) -> dict[str, NDArray[np.int64]]:
        return self._summed(_WORK)

    def _summed(self, prefix: str) -> dict[str, NDArray[np.int64]]:
        names = [name for name in self._arrays[0] if name.startswith(prefix)]
        return {name[len(prefix) :]: np.sum([arrays[name] for arrays in self._arrays], axis=0) for name in names}

    @cached_property
    def classes(self) -> NDArray[np.int64]:
        """(S,) as the chip tells them; of a chunk that was learned, from counts and membranes."""
        if "classes" not in self._arrays[0]:
            return answers_of(self.counts[-1], self.membrane, self.outputs_fire).classes
        told = np.concatenate([arrays["classes"] for arrays in self._arrays], dtype=np.int64)
        return np.where(told < self._spec.layer_sizes[-1], told, ABSTAINED)

    @property
    def outputs_fire(self) -> bool:
        return self._spec.neuron.outputs_fire

    @cached_property
    def membrane(self) -> NDArray[np.float32]:
        asked = [self._connection.send(ReadCounts(request.sequence, (), True)) for request in self._requests]
        return np.concatenate([arrays_of(self._connection.answer(request), Counts)["membrane"] for request in asked])

    @cached_property
    def _signals(self) -> list[dict[str, NDArray[Any]]]:
        return [arrays_of(replies, Signals) for replies in self._replies]

    @cached_property
    def _seen(self) -> dict[int, dict[str, NDArray[Any]]]:
        """Of each probed layer all that its probe saw, by name. Raises LinkError."""
        try:
            return {
                probe.layer: probe_signals.joined(
                    [probe_signals.of_layer(arrays, probe.layer) for arrays in self._signals]
                )
                for probe in self._probes
            }
        except WireError as error:
            raise LinkError(f"the chip at {self._connection.address} sent what makes no sense: {error}") from None

    @cached_property
    def signals(self) -> dict[int, ProbeSignals]:
        try:
            return {
                layer: probe_signals.from_arrays(
                    {name: array for name, array in seen.items() if name != probe_signals.SPIKES},
                    signal_names(self._spec, layer),
                )
                for layer, seen in self._seen.items()
            }
        except WireError as error:
            raise LinkError(f"the chip at {self._connection.address} sent what makes no sense: {error}") from None

    @cached_property
    def probed_membranes(self) -> dict[int, NDArray[np.float32]]:
        return {layer: signals.membrane for layer, signals in self.signals.items()}

    @cached_property
    def spikes(self) -> dict[int, NDArray[np.uint8]]:
        return {layer: seen[probe_signals.SPIKES] for layer, seen in self._seen.items()}
