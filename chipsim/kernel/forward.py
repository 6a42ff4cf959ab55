"""A step of a dense layer whose weights rest, for whoever runs windows in a loop of his own, such as a gradient."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from chipsim.kernel.disturbances import draw_noise
from chipsim.kernel.parts import Parts, parts_of
from chipsim.kernel.plan import Order, Plan, When
from chipsim.kernel.step import step_of
from chipsim.simd import inlined

_ONLY = np.uint64(0)


@lru_cache
def forward_parts(neuron: str) -> Parts:
    """Of spikes or a constant current, with membrane noise where there is any. neuron: the name of its formulas."""
    never = When.NEVER
    noise, probed = When.ASK, When.ALWAYS
    return parts_of(
        Plan(Order.STEP, False, False, neuron, "", (), "either", never, never, noise, never, probed, "direct")
    )


@lru_cache
def forward_of(neuron: str) -> Any:
    """A piece: step t of window s of `events`, whose number is `window`.

    Its arguments: block, with its axis of crossbars; state: `new_state` of `forward_parts`, whose rows hold what the
    step shows; fields: of a dense layer; spike_bits: gains the spikes.
    """
    advance = step_of(forward_parts(neuron))

    @inlined
    def forward(block, state, fields, events, spike_bits, window, s, t):
        slot = np.uint64(block.first)
        if block.circuit.noisy:
            draw_noise(state, block, fields, events, s, window, t, _ONLY, _ONLY, np.int64(slot))
        weight, nothing = block.state.weight[0], (np.float32(0), np.float32(0))
        stale = t == 0 or len(events.amplitude) == 0  # a constant current stays what it is through its window
        if not stale:
            stale = events.begin[s, t] != events.begin[s, t - 1] or events.end[s, t] != events.end[s, t - 1]
        advance(
            block, state, weight, weight, events, s, stale, weight, nothing, spike_bits, True,
            t, _ONLY, _ONLY, s, slot, (t, s),
        )  # fmt: skip

    return forward
