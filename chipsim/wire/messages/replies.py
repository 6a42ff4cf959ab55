"""What a chip answers: the messages of a reply, in order, made of what `chipsim.ChipInterface` gave."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chipsim.die import LayerWeights
from chipsim.execution import ABSTAINED, Result
from chipsim.layout import Snapshot
from chipsim.wire.messages.arrays import in_pieces
from chipsim.wire.messages.chunk import Watch
from chipsim.wire.messages.die import State, Weights
from chipsim.wire.messages.probe_signals import SPIKES, to_arrays
from chipsim.wire.messages.requests import named_weights
from chipsim.wire.messages.run import Counts, Inferred, Learned, Signals, Times, Traces

_FRAME_BYTES = 1 << 20  # of arrays in one frame of a long reply
NO_TIMES = Times()  # of a chip without a clock


def state(snapshot: Snapshot) -> Iterator[State]:
    return (State(pieces) for pieces in in_pieces(snapshot, _FRAME_BYTES))


def weights(layers: Sequence[LayerWeights]) -> Iterator[Weights]:
    return (Weights(pieces) for pieces in in_pieces(named_weights(layers), _FRAME_BYTES))


def learned(result: Result, times: Times = NO_TIMES) -> Learned:
    [pieces] = in_pieces(_tallies(result), sys.maxsize)
    return Learned(times, pieces)


def inferred(result: Result, times: Times = NO_TIMES) -> Inferred:
    n_classes = result.membrane.shape[1]
    classes = np.where(result.classes == ABSTAINED, n_classes, result.classes)
    [pieces] = in_pieces(_tallies(result) | {"classes": narrowed(classes)}, sys.maxsize)
    return Inferred(times, pieces)


def signals(result: Result, watches: Sequence[Watch]) -> Iterator[Signals]:
    """What probes saw; nothing if there are none."""
    arrays: dict[str, NDArray[Any]] = {}
    for layer, spikes_alone in ((watch.layer, watch.spikes_alone) for watch in watches):
        signals = {} if spikes_alone else to_arrays(result.signals[layer])
        seen = {**signals, SPIKES: result.spikes[layer]}
        arrays |= {f"layer{layer}.{name}": array for name, array in seen.items()}
    return (Signals(pieces) for pieces in in_pieces(arrays, _FRAME_BYTES)) if arrays else iter(())


def traces(arrays: dict[str, NDArray[np.uint8]]) -> Iterator[Traces]:
    """arrays: see `chipsim.wire.packing.traces`."""
    return (Traces(pieces) for pieces in in_pieces(arrays, _FRAME_BYTES))


def counts(result: Result, layers: Sequence[int], membranes: bool) -> Iterator[Counts]:
    """layers: from 1; membranes: those of the output neurons, too."""
    arrays = {f"layer{layer}.count": _whole(result.counts[layer - 1]) for layer in layers}
    if result.window_counts:
        arrays |= {f"layer{layer}.window_count": _whole(result.window_counts[layer - 1]) for layer in layers}
    if membranes:
        arrays["membrane"] = np.ascontiguousarray(result.membrane)
    return (Counts(pieces) for pieces in in_pieces(arrays, _FRAME_BYTES))


def narrowed(values: NDArray[Any]) -> NDArray[Any]:
    """Whole numbers from 0 on in the narrowest unsigned type that holds them."""
    return values.astype(np.min_scalar_type(int(values.max(initial=0))))


def _tallies(result: Result) -> dict[str, NDArray[Any]]:
    arrays: dict[str, NDArray[Any]] = {f"activity.{name}": counts for name, counts in result.activity.items()}
    return arrays | {f"work.{name}": counts for name, counts in result.work.items()}


def _whole(counts: NDArray[np.float32]) -> NDArray[Any]:
    """Counts as whole numbers, where they are: an integrating readout's are not."""
    if not (np.rint(counts) == counts).all() or (counts < 0).any() or np.signbit(counts).any():
        return np.ascontiguousarray(counts)
    return narrowed(counts.astype(np.uint32))
