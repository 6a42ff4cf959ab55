"""What a layer sends on: its spikes as events of the next one."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from chipsim.design import LayerShape
from chipsim.layout.neuron_slots import n_slots, row_numbers
from chipsim.layout.spike_bits import MASKS_PER_WORD, PLACES_PER_WORD, gather_events
from chipsim.layout.tables import Events, row_type
from chipsim.simd import LANES

NO_MASKS = np.zeros((0, 0, 0), np.int32)


class SpikeLists(NamedTuple):
    """Events, and how they come about."""

    events: Events
    mask_begin: NDArray[np.int32]  # see `gather_events`; NO_MASKS if the next layer sees no image, or the host sent
    numbers: NDArray[Any]  # (bits of a step,) the next layer's row of each

    def gather(self, spike_bits: NDArray[np.uint16], start: int, stop: int) -> None:
        """Fill in what masks hold of windows start .. stop - 1."""
        events = self.events
        gather_events(spike_bits, self.numbers, events.rows, events.begin, events.end, self.mask_begin, start, stop)


def room_for_spikes(shape: LayerShape, n_windows: int, steps: int, to_image: bool) -> SpikeLists:
    """Of a layer. to_image: the next one sees an image."""
    n, kind = shape.n_out, row_type(shape.n_out)
    words = -(-n_slots(shape) // PLACES_PER_WORD)
    return SpikeLists(
        Events(
            rows=np.empty((n_windows, steps * n + LANES), kind),  # see gather_events
            begin=np.zeros((n_windows, steps), np.int32),
            end=np.zeros((n_windows, steps), np.int32),
            amplitude=np.zeros((0, 0), np.float32),
        ),
        np.zeros((n_windows, steps, MASKS_PER_WORD * words + 1), np.int32) if to_image else NO_MASKS,
        row_numbers(shape, PLACES_PER_WORD * words, kind),
    )
