"""Room for what the layers of a chunk leave behind, kept from chunk to chunk."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from chipsim.design import ChipSpec
from chipsim.execution.probe import Probe, nothing_probed, room_for
from chipsim.layout import (
    NO_CODES,
    Record,
    SpikeLists,
    first_windows,
    n_slots,
    new_masks,
    room_for_spikes,
)
from chipsim.simd import BufferPool, aligned


class Records:
    """Of all layers: their spikes, and what the next layer reads of them. Results belong to whoever asked."""

    def __init__(self, spec: ChipSpec) -> None:
        self._spec = spec
        self._layers: list[Record] = []
        self.spike_lists: list[SpikeLists] = []  # by each hidden layer
        self._results = BufferPool()
        self._others: tuple[list[Record], list[SpikeLists]] = [], []  # those of the chunk before

    @property
    def spike_bits(self) -> list[NDArray[np.uint16]]:
        """Masks of each layer, with room for more windows than a chunk may have, see `first_windows`."""
        return [layer.spike_bits for layer in self._layers]

    def turn(self) -> None:
        """The chunk before may still be read from: use the other room."""
        self._others, (self._layers, self.spike_lists) = (self._layers, self.spike_lists), self._others

    def reserve(self, n_windows: int) -> None:
        """Room for so many windows at least."""
        if self._layers and self._layers[0].spike_bits.shape[1] >= n_windows:
            return
        steps, shapes, windows = self._spec.presentation_steps, self._spec.shapes, self._spec.windows
        self._layers = []
        for shape in shapes:
            n = n_slots(shape)
            self._layers.append(
                Record(
                    spike_bits=new_masks(n_windows, steps, n),
                    count=aligned((0, windows, n), np.float32),
                    membrane=aligned((0, windows, n), np.float32),
                    probed=nothing_probed(),
                    reading=NO_CODES,
                    lengths=np.zeros(0, np.int64),
                )
            )
        self.spike_lists = [
            room_for_spikes(shape, n_windows, steps, not above.dense) for shape, above in pairwise(shapes)
        ]

    def of(
        self,
        layer: int,
        n_windows: int,
        lengths: NDArray[np.int64],
        probe: Probe | None,
        shown: int,
        learns: bool,
        coded: bool,
    ) -> Record:
        """A layer's record for a chunk, with room for what its probe watches: so many fields, see `room_for`."""
        record = self._layers[layer]
        each = record.count.shape[1:]
        count = self._results.take((n_windows, *each))
        membrane = self._results.take((n_windows if layer == self._spec.n_layers - 1 else 0, *each))  # else nobody asks
        spike_bits = first_windows(record.spike_bits, n_windows)
        spike_bits[-1] = spike_bits[:, n_windows:] = 0  # bits of nothing were others if chunks differ in length
        record = record._replace(spike_bits=spike_bits, count=count, membrane=membrane, lengths=lengths)
        if probe is not None:
            steps = self._spec.presentation_steps
            record = record._replace(probed=room_for(probe, shown, n_windows, steps, learns, coded))
        return record
