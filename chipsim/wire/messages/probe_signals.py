"""Signals of probed neurons as named arrays of any type, as they travel, and back.

What there is to see follows from a die's neurons and learning circuits, so the wire has no list of it: each signal is
an array with its name, its type and its shape, windows first. What a host expects is `chipsim.execution.signal_names`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from numpy.typing import NDArray

from chipsim.execution import ProbeSignals, in_a_row
from chipsim.wire.errors import ErrorCode, WireError

SPIKES = "spikes"  # of the probed neurons, beside their signals


def to_arrays(signals: ProbeSignals) -> dict[str, NDArray[Any]]:
    """Name -> array of what a probe saw."""
    return dict(signals)


def from_arrays(arrays: Mapping[str, NDArray[Any]], expected: Iterable[str]) -> ProbeSignals:
    """Raises WireError if a signal is missing, or one is there that was not expected: see `signal_names`."""
    odd = sorted(set(expected) ^ set(arrays))
    if odd:
        raise WireError(ErrorCode.MALFORMED, f"signals that are missing or unknown: {', '.join(odd)}")
    return ProbeSignals(arrays)


def of_layer(arrays: Mapping[str, NDArray[Any]], layer: int) -> dict[str, NDArray[Any]]:
    """The arrays of a SIGNALS message that belong to one layer, by their own names."""
    prefix = f"layer{layer}."
    return {name[len(prefix) :]: array for name, array in arrays.items() if name.startswith(prefix)}


def joined(parts: Sequence[Mapping[str, NDArray[Any]]]) -> dict[str, NDArray[Any]]:
    """Signals of windows that followed each other. Raises WireError if parts have different ones, or no spikes."""
    first = parts[0]
    if SPIKES not in first or any(part.keys() != first.keys() for part in parts):
        raise WireError(ErrorCode.MALFORMED, "parts of a chunk whose signals differ, or have no spikes")
    try:
        return dict(in_a_row(parts))
    except ValueError as error:
        raise WireError(ErrorCode.MALFORMED, f"signals of windows that do not follow each other: {error}") from None
