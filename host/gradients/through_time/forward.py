"""What a layer of the twin does in its windows, for a block of columns: as a chip does it, and every membrane kept."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from chipsim.kernel import forward_of, forward_parts
from chipsim.layout import row_of, store_mask
from chipsim.simd import LANES, inlined, kernel_named

_ZERO = np.float32(0)
_LANES = np.uint64(LANES)


@lru_cache
def forward_kernel(neuron: str) -> Any:
    """The kernel for layers of integrate-and-fire neurons or readouts. neuron: the name of their formulas.

    Called with (block, fields, events, spike_bits, windows, ends, membranes, counts, state, start, stop) for windows
    start .. stop - 1, of which each has ends (S,) int64 steps: what follows is silence. block: see
    `chipsim.layout.tables`, with its axis of crossbars; fields: of a dense layer; events: the layer's input;
    spike_bits: gains its spikes; windows: (S,) int64; membranes: (S, T, n) float32 of the whole layer, gains the
    block's; counts: (S, n) float32, gains spikes, of readouts scores; state: see `chipsim.kernel.new_state`.
    """
    forward, parts = forward_of(neuron), forward_parts(neuron)
    membrane, count = row_of(parts.kept, "membrane"), row_of(parts.kept, "count")

    def show_block(block, fields, events, spike_bits, windows, ends, membranes, counts, state, start, stop):
        shown = state.state[0]
        first, last = block.first, block.first + shown.shape[1]
        for s in range(np.uint64(start), np.uint64(stop)):
            shown[:, :] = _ZERO
            for t in range(np.uint64(ends[s]), np.uint64(membranes.shape[1])):
                membranes[s, t, first:last] = _ZERO
                for mask in range(np.uint64(first) // _LANES, np.uint64(last) // _LANES):
                    store_mask(spike_bits, s, t, mask, np.uint16(0))
            for t in range(np.uint64(ends[s])):
                forward(block, state, fields, events, spike_bits, windows[s], s, t)
                _copy(membranes[s, t, first:last], shown[membrane])
            _copy(counts[s, first:last], shown[count])

    return kernel_named(f"through time {parts.called}")(show_block)


@inlined
def _copy(target, source):
    for i in range(len(target)):
        target[i] = source[i]
