"""Relative steps of a device or a code, read from a table of even places: what `learning_circuit.between` is given."""

from __future__ import annotations

import numpy as np

from chipsim.simd import Lanes, Sequence
from learning_circuit import between


def straight(steps: Sequence, place: Lanes) -> Lanes:
    """A straight line between the only two entries. place: from 0 to 1."""
    return between(steps.everywhere(0), steps.everywhere(1), place)


def curved(steps: Sequence, place: Lanes) -> Lanes:
    """Straight lines between the nearest of any number of entries. place: from 0 to 1."""
    last = steps.last()
    x = place * last.astype(np.float32)
    i = (x < last.astype(np.float32)).where(x.astype(np.uint32), last - 1)
    low, high = steps.gather(i.indices()), steps.gather((i + 1).indices())
    return between(low, high, x - i.astype(np.float32))
