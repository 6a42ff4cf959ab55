"""Signals of probed neurons as named arrays of any type, as they travel, and back.

What there is to see follows from a die's neurons and learning circuits, so the wire has no list of it: each signal is
an array with its name, its type and its shape, windows first. Those in WATCHED say what was probed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chipsim.run import ProbeSignals
from chipsim.wire.errors import ErrorCode, WireError

WATCHED = ("neurons", "rows")  # the same in all windows
SPIKES = "spikes"  # of the probed neurons, beside their signals


def to_arrays(signals: ProbeSignals) -> dict[str, NDArray[Any]]:
    """Name -> array of what a probe saw."""
    return dict(signals)


def from_arrays(arrays: Mapping[str, NDArray[Any]]) -> ProbeSignals:
    """Raises WireError if a signal is missing that every chip shows."""
    missing = [name for name in (*WATCHED, "input", "membrane") if name not in arrays]
    if missing:
        raise WireError(ErrorCode.MALFORMED, f"signals that are missing: {', '.join(missing)}")
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
        return {
            name: array if name in WATCHED else np.concatenate([part[name] for part in parts])
            for name, array in first.items()
        }
    except ValueError as error:
        raise WireError(ErrorCode.MALFORMED, f"signals of windows that do not follow each other: {error}") from None


def some_windows(signals: ProbeSignals, here: slice) -> ProbeSignals:
    """The signals of some windows."""
    return from_arrays({name: array if name in WATCHED else array[here] for name, array in to_arrays(signals).items()})
