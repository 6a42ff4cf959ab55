"""The rows that a step writes, listed once for all of its open columns."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from learning_circuit.jit import stage
from learning_circuit.rows import LANES

_ONE = np.float32(1)


class ListedRows(NamedTuple):
    """Rows that spiked, then the bias, all arrays (k,) with room for all rows in whole vectors.

    The last vector is filled up with the bias again: whoever writes sixteen rows at once loads them all before storing
    any, so the bias gets the same value twice.
    """

    rows: Any  # int32
    places: Any  # int32, where a row begins in the synapse array
    amplitude: Any  # float32, of a constant current; 1 for a spike or a bias
    # Of the column that is being written, all float32:
    normal: Any  # N(0, 1), if its writes are noisy
    weight: Any  # what its synapses deliver
    gain: Any
    step: Any  # by which they move, without noise


def room_for_rows(n_rows: int) -> ListedRows:
    """For as many rows as a layer has, bias included."""
    n = -(-n_rows // LANES) * LANES
    rows, places = np.zeros((2, n), np.int32)
    return ListedRows(rows, places, np.ones(n, np.float32), *np.zeros((4, n), np.float32))


@stage
def list_rows(listed, rows, amplitude, begin, end, weight):
    """List rows[begin:end] and the bias, the last row of `weight`. Returns how many.

    amplitude: (k,) float32 beside rows, or (0,) for spikes.
    """
    width = np.int32(weight.shape[1])
    bias = np.int32(len(weight) - 1)
    n = np.uint64(end - begin)  # unsigned, so that the compiler sees neighbours and no index from the end
    first = np.uint64(begin)
    for k in range(n):
        row = np.int32(rows[first + k])
        listed.rows[k] = row
        listed.places[k] = row * width
    if len(amplitude) > 0:  # else they are all 1 already
        for k in range(n):
            listed.amplitude[k] = amplitude[first + k]
    lanes = np.uint64(LANES)
    for k in range(n, (n // lanes + np.uint64(1)) * lanes):
        listed.rows[k] = bias
        listed.places[k] = bias * width
        listed.amplitude[k] = _ONE
    return np.int64(n) + 1
