"""What a host sends for a call of `chipsim.ChipInterface`: its messages, in order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from chipsim.design import AdcSpec, ChipSpec
from chipsim.die import LayerWeights, Weights
from chipsim.execution import AnyProbe, SpikeProbe
from chipsim.layout import Events, Targets
from chipsim.wire.limits import Limits
from chipsim.wire.messages.arrays import in_pieces
from chipsim.wire.messages.chunk import Watch
from chipsim.wire.messages.converters import Converters
from chipsim.wire.messages.die import Program, Restore
from chipsim.wire.messages.run import Infer, Learn, ReadBack
from chipsim.wire.packing import (
    PackedEvents,
    PackedTargets,
    event_shape,
    measured_events,
    measured_targets,
    most_event_bytes,
    pack_events,
    pack_targets,
    side_by_side,
)

_MOST_WINDOWS = 2048  # of a frame: enough that its own cost is none, few enough that two of them overlap
_MOST_NEURON_STEPS = 1 << 28  # of a frame: windows times steps times neurons, each of which may spike
_MOST_PIECE_BYTES = 1 << 20  # of arrays in a frame of a long command
_MARGIN_BYTES = 4096  # of a frame: what is left for its section heads


class Packing(NamedTuple):
    """How a chunk is made ready."""

    events: Callable[[Events, int], PackedEvents]  # of a layer of so many rows
    targets: Callable[[Sequence[NDArray[np.float32]], int], PackedTargets]  # in words of so many bits


PACKED = Packing(pack_events, pack_targets)
MEASURED = Packing(measured_events, measured_targets)  # blank, of the very size: to see what would be sent


def piece_bytes(limits: Limits) -> int:
    """Of arrays in a frame of a long command."""
    return min(_MOST_PIECE_BYTES, limits.payload_bytes // 2)


def frames_of(spec: ChipSpec, n_windows: int, limits: Limits) -> list[slice]:
    """The windows of each frame of a chunk: so many that whatever they do, a receiver with these limits takes them."""
    events, unpacked = most_event_bytes(spec.layer_sizes[0], spec.presentation_steps, spec.windows)
    neurons = sum(spec.layer_sizes[1:])
    a_window = events + 2 * neurons * spec.windows + 8 + 4 * spec.n_layers
    size = min(
        _MOST_WINDOWS,
        limits.windows,
        (limits.payload_bytes - _MARGIN_BYTES) // a_window,
        limits.event_bytes // unpacked,
        limits.target_bytes // (4 * neurons * spec.windows),
        _MOST_NEURON_STEPS // (neurons * spec.presentation_steps),
    )
    size = max(1, size)
    return [slice(start, min(start + size, n_windows)) for start in range(0, n_windows, size)]


def program(weights: Weights, limits: Limits) -> list[Program]:
    """Weights and biases of the layers that have any to program."""
    arrays = named_weights(weights)
    return [Program(pieces) for pieces in in_pieces(arrays, piece_bytes(limits))]


def named_weights(weights: Sequence[LayerWeights | None]) -> dict[str, NDArray[Any]]:
    """As they are called on the wire."""
    named: dict[str, NDArray[Any]] = {}
    for number, layer in enumerate(weights, start=1):
        if layer is not None:
            with np.errstate(over="ignore"):
                weight, bias = (np.asarray(array, np.float32) for array in layer)
            named |= {f"layer{number}.weight": weight, f"layer{number}.bias": bias}
    return named


def restore(snapshot: Mapping[str, NDArray[Any]], limits: Limits) -> list[Restore]:
    return [Restore(pieces) for pieces in in_pieces(snapshot, piece_bytes(limits))]


def learn(
    spec: ChipSpec,
    events: Events,
    windows: NDArray[np.int64],
    targets: Targets,
    rates: NDArray[np.float32],
    probes: Sequence[AnyProbe],
    limits: Limits,
    packing: Packing,
    broadcast: NDArray[np.float32] | None = None,
) -> Iterator[Learn]:
    """Each frame is packed when it is asked for. Raises WireError if events or targets cannot be sent."""
    told = () if broadcast is None else (np.asarray(broadcast, np.float32)[:, None],)
    values = np.hstack([np.asarray(rates, np.float32).reshape(len(windows), -1), *told])
    nothing = np.empty((len(windows), 0), np.float32)  # of a layer that does not learn
    for part in frames_of(spec, len(windows), limits):
        of_layers = [(nothing if each is None else each.reshape(len(windows), -1))[part] for each in targets]
        packed = packing.targets(of_layers, spec.target_bits)
        yield Learn(
            windows[part], _events(spec, events, part, packing), packed, values[part], watches(probes), bool(told)
        )


def infer(
    spec: ChipSpec,
    events: Events,
    windows: NDArray[np.int64],
    probes: Sequence[AnyProbe],
    limits: Limits,
    packing: Packing,
) -> Iterator[Infer]:
    """As `learn`."""
    for part in frames_of(spec, len(windows), limits):
        yield Infer(windows[part], _events(spec, events, part, packing), watches(probes))


def read_back(
    spec: ChipSpec,
    events: Events,
    windows: NDArray[np.int64],
    converter: AdcSpec,
    limits: Limits,
    packing: Packing,
) -> Iterator[ReadBack]:
    """As `learn`."""
    for part in frames_of(spec, len(windows), limits):
        yield ReadBack(windows[part], _events(spec, events, part, packing), Converters.of(converter))


def _events(spec: ChipSpec, events: Events, part: slice, packing: Packing) -> PackedEvents:
    sent = Events(*(array[part] for array in events))
    constant_current = len(sent.amplitude) > 0
    if constant_current and spec.windows > 1:
        sent = side_by_side(spec, sent)
    return packing.events(sent, event_shape(spec, constant_current)[0])


def watches(probes: Sequence[AnyProbe]) -> tuple[Watch, ...]:
    """Probes as they travel."""
    return tuple(
        Watch(probe.layer, tuple(probe.neurons), tuple(probe.rows), isinstance(probe, SpikeProbe)) for probe in probes
    )
