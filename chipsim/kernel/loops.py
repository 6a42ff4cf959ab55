"""The loops of a layer: windows whose steps nobody sees, windows taken step by step, and columns that compete.

One kernel for each plan.

A learning rule sees its own column alone and nothing flows backward between layers, so a layer can run a whole chunk of
windows before the next layer starts, and any range of its columns can run alone: the bits are those of the whole chip
stepped cycle by cycle with the one-step delay of Eq. 2 (each layer's window merely starts one step after the one
before).

Where every position of an image has weights of its own, or where weights rest, a position takes a whole window before
the next one starts. A crossbar that all positions share is written by them in turn, within each step: what one writes,
the next one sees.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from chipsim.kernel.compete_loop import compete_loop
from chipsim.kernel.parts import parts_of
from chipsim.kernel.plan import Order, Plan
from chipsim.kernel.step_loop import step_loop
from chipsim.kernel.window_loop import window_loop
from chipsim.simd import kernel_named

_LOOPS = {Order.WINDOW: window_loop, Order.STEP: step_loop, Order.COMPETE: compete_loop}


@lru_cache
def kernel_for(plan: Plan) -> Any:
    """The kernel of a settled plan. Every one takes the same arguments:

    block: `chipsim.layout.ColumnBlock` with its axis of crossbars; fields, seen: see `chipsim.layout.receptive_fields`,
    what positions see and room for it; events, below: what the layer sees, and where the masks behind it begin; record:
    what it leaves behind; windows: (S,) int64, each window's number, which keys its noise; targets:
    (S L, slots) float32 and moments: (S, 2) float32, target rates of each window, and learning rate and broadcast of
    each presentation, empty where weights rest;
    state: `chipsim.layout.NeuronState`; counters: gains the COUNTERS; start, stop: the windows to run.
    """
    parts = parts_of(plan)
    return kernel_named(parts.called)(_LOOPS[plan.order](parts))
