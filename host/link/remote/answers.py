"""What a chip answers, held against what it was asked: kinds of messages, names, types, shapes and values.

A chip at the other end of a wire may be another one than was meant, or broken, or hostile. What it sends makes sense,
or is told in one line: nothing is computed from it, and nobody waits for more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from chipsim import ChipSpec
from chipsim.design import LayerShape
from chipsim.execution import AnyProbe
from chipsim.layout import SIMULATOR_WORK, chip_events
from chipsim.wire import (
    Ack,
    Age,
    Configure,
    Counts,
    ErrorCode,
    Infer,
    Inferred,
    Learn,
    Learned,
    Limits,
    Message,
    Program,
    ReadBack,
    ReadCounts,
    ReadWeights,
    Restore,
    Signals,
    Snapshot,
    State,
    Traces,
    Weights,
    WireError,
    assembled,
)

ACTIVITY, WORK = "activity.", "work."
_WHOLE, _REAL = "iu", "f"  # kinds of numbers, as numpy abbreviates them
_NAMED = 5  # in a line about arrays that are missing or unknown


class Kinds(NamedTuple):
    """Messages that answer a request."""

    first: type[Message]
    further: type[Message] | None = None  # those after the first

    def fit(self, part: int, parts: int, message: Message) -> bool:
        if part == 0:
            return type(message) is self.first and (parts == 1 or self.further is not None)
        return self.further is not None and type(message) is self.further


ANSWERS: dict[type[Message], Kinds] = {
    Configure: Kinds(Ack),
    Program: Kinds(Ack),
    Restore: Kinds(Ack),
    Age: Kinds(Ack),
    Snapshot: Kinds(State, State),
    ReadWeights: Kinds(Weights, Weights),
    ReadCounts: Kinds(Counts, Counts),
    Learn: Kinds(Learned, Signals),
    Infer: Kinds(Inferred, Signals),
    ReadBack: Kinds(Inferred, Traces),
}


class Expected(NamedTuple):
    """An array."""

    shape: tuple[int, ...]
    kinds: str


def arrays_of(
    messages: list[Message], kind: type[State] | type[Weights] | type[Counts] | type[Signals] | type[Traces]
) -> dict[str, NDArray[Any]]:
    """The arrays that messages of one kind hold together. Raises WireError."""
    return assembled([piece for message in messages if isinstance(message, kind) for piece in message.pieces], Limits())


def checked(arrays: Mapping[str, NDArray[Any]], expected: Mapping[str, Expected]) -> dict[str, NDArray[Any]]:
    """The arrays. Raises WireError if they are others than were expected, or hold numbers that are none."""
    if odd := sorted(expected.keys() ^ arrays.keys()):
        more = ", ..." if len(odd) > _NAMED else ""
        raise WireError(ErrorCode.MALFORMED, f"arrays that are missing or unknown: {', '.join(odd[:_NAMED])}{more}")
    for name, (shape, kinds) in expected.items():
        array = arrays[name]
        if array.shape != shape or array.dtype.kind not in kinds:
            raise WireError(
                ErrorCode.MALFORMED, f"{name} is {array.dtype} {array.shape}, and belongs to another chip: not {shape}"
            )
        if array.dtype.kind == _REAL and not np.isfinite(array).all():
            raise WireError(ErrorCode.MALFORMED, f"{name} holds what is no finite number")
    return dict(arrays)


def weights_expected(spec: ChipSpec) -> dict[str, Expected]:
    """Of WEIGHTS."""
    return dict(
        named for number, shape in enumerate(spec.shapes, start=1) for named in _layer_weights_expected(number, shape)
    )


def _layer_weights_expected(number: int, shape: LayerShape) -> Iterator[tuple[str, Expected]]:
    own = () if shape.crossbars == 1 else (shape.crossbars,)  # where each position has a crossbar of its own
    yield f"layer{number}.weight", Expected((*own, shape.rows, shape.columns), _REAL)
    yield f"layer{number}.bias", Expected((*own, shape.columns), _REAL)


def counts_expected(spec: ChipSpec, n_windows: int, layers: Sequence[int]) -> dict[str, Expected]:
    """Of COUNTS: spike counts of some layers, from 1."""
    return {f"layer{n}.count": Expected((n_windows, spec.layer_sizes[n]), _WHOLE + _REAL) for n in layers}


def membrane_expected(spec: ChipSpec, n_windows: int) -> dict[str, Expected]:
    """Of COUNTS: membranes of the output neurons."""
    return {"membrane": Expected((n_windows, spec.layer_sizes[-1]), _REAL)}


def checked_tallies(spec: ChipSpec, arrays: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Of LEARNED or INFERRED, the tallies that are known here. Raises WireError if one is missing."""
    events = chip_events(spec.learning_circuit.arithmetic == "integer")
    known = [f"{ACTIVITY}{name}" for name in events] + [f"{WORK}{name}" for name in SIMULATOR_WORK]
    return checked(
        {name: arrays[name] for name in known if name in arrays},
        {name: Expected((spec.n_layers,), _WHOLE) for name in known},
    )


def checked_classes(spec: ChipSpec, n_windows: int, arrays: Mapping[str, NDArray[Any]]) -> NDArray[Any]:
    """Of INFERRED; as many as there are classes where no output neuron fired. Raises WireError."""
    told = {name: array for name, array in arrays.items() if name == "classes"}
    classes = checked(told, {"classes": Expected((n_windows,), _WHOLE)})["classes"]
    if classes.size and not 0 <= classes.min() <= classes.max() <= spec.layer_sizes[-1]:
        raise WireError(ErrorCode.MALFORMED, f"classes up to {classes.max()}: this chip has {spec.layer_sizes[-1]}")
    return classes


def check_signals(spec: ChipSpec, probe: AnyProbe, n_windows: int, seen: Mapping[str, NDArray[Any]]) -> None:
    """Of SIGNALS, those of one probe. Raises WireError if one is not of this probe's windows, neurons and rows."""
    n_neurons, n_rows = len(probe.neurons), len(probe.rows)
    tails = ((n_neurons,), (n_rows,), (n_neurons, n_rows))
    for name, array in seen.items():
        if name in ("neurons", "rows"):
            fits = np.array_equal(array, getattr(probe, name))
        else:
            windows, steps, *tail = (*array.shape, 0, 0)[: max(2, array.ndim)]
            fits = windows in (0, n_windows) and steps == spec.steps and tuple(tail) in tails
        if not fits:
            raise WireError(
                ErrorCode.MALFORMED, f"layer{probe.layer}.{name} {array.shape} is not what the probe asked for"
            )
