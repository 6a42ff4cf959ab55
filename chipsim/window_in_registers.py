"""A window of neurons whose state never leaves the vector registers.

While weights rest, a position's neurons take a whole window before the next position starts, so nothing of them needs
memory between two steps: this does at each step what `deliver` and `fire_and_count` of `chipsim.cycle` do, to the same
bits. A tile of up to four vectors of columns takes all steps before the next tile starts.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from chipsim.jit import inlined_stage, stage
from chipsim.neuron import UPPER_RAIL_HIT
from chipsim.vector_neurons import (
    CHOICE,
    FLOATS,
    Circuits,
    Crossbar,
    FiredMasks,
    Numbers,
    Register,
    State,
    circuits,
    fire,
    members,
    sixteen,
)
from learning_circuit.lanes import Lanes, Sequence
from learning_circuit.rows import LANES

_WIDEST_TILE = 4  # vectors: all of a block
_HITS = ir.VectorType(ir.IntType(32), LANES)


@inlined_stage
def is_undisturbed(neurons, circuit):
    """Whether these neurons only integrate, fire and count, which is all that `run_window` knows."""
    return not (neurons.noisy or neurons.exponential or neurons.integrating or neurons.peak or circuit.misses)


class _Group:
    """Sixteen neurons that are at rest, to begin with."""

    def __init__(self, builder: Any, circuit: Circuits) -> None:
        self._circuit = circuit
        self.membrane, self.count = (Register(builder, ir.Constant(FLOATS, None)) for _ in range(2))
        self.rail_hits = Register(builder, ir.Constant(_HITS, None))  # see `chipsim.neuron.fire`
        self._spiked = Register(builder, ir.Constant(CHOICE, None))

    def step(self, current: Lanes) -> Lanes:
        """Returns which fire."""
        before = State(self.membrane.lanes, self._spiked.lanes, self.count.lanes)
        after, low, high = fire(self._circuit, before, current)
        self.membrane.lanes, self._spiked.lanes, self.count.lanes = after
        hits = self.rail_hits.lanes
        hits = hits + low.where(hits.like(1), 0)
        self.rail_hits.lanes = hits + high.where(hits.like(int(UPPER_RAIL_HIT)), 0)
        return after.spiked


def _tile(vectors: int, steady: bool) -> Any:
    """Code that takes some vectors of columns, from `column` on, through a window.

    steady: their currents are the same at every step, as columns.drive says.
    """

    @intrinsic
    def tile(context, columns, weight, events, window, neurons, full, fired, s, first, column):
        def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            kinds = signature.args
            columns, events, tables = (members(builder, kinds[k], values[k]) for k in (0, 2, 4))
            window, full, s, first, column = (values[k] for k in (3, 5, 7, 8, 9))
            crossbar = Crossbar(context, builder, kinds[1], values[1])
            active = Numbers(context, builder, events, window)
            masks = FiredMasks(context, builder, kinds[6], values[6], s, builder.add(first, column), vectors)
            places = [builder.add(column, column.type(LANES * v)) for v in range(vectors)]
            groups = [_Group(builder, circuits(context, builder, tables, full, place)) for place in places]
            currents = [sixteen(context, builder, columns.drive, place) for place in places]
            with cgutils.for_range(builder, masks.steps) as loop:
                if not steady:
                    currents = crossbar.deliver(active, loop.index, column, vectors)
                for v in range(vectors):
                    masks.store(v, loop.index, groups[v].step(currents[v]))
            for place, group in zip(places, groups, strict=True):
                for name in ("membrane", "count", "rail_hits"):
                    Sequence(context, builder, *getattr(columns, name)).store(place, getattr(group, name).lanes)
            return context.get_dummy_value()

        index = types.uint64
        arguments = (columns, weight, events, index, neurons, full, fired, index, index, index)
        return types.void(*arguments), generate

    return tile


def _all_columns(steady: bool) -> Any:
    @stage
    def narrower(columns, weight, events, window, neurons, full, fired, s, first, column):
        pass

    vectors = 1
    while vectors <= _WIDEST_TILE:
        narrower = _in_tiles(_tile(vectors, steady), np.uint64(vectors * LANES), narrower)
        vectors *= 2
    return narrower


def _in_tiles(tile: Any, width: np.uint64, narrower: Any) -> Any:
    @stage
    def in_tiles(columns, weight, events, window, neurons, full, fired, s, first, column):
        while column + width <= np.uint64(len(columns.membrane)):
            tile(columns, weight, events, window, neurons, full, fired, s, first, column)
            column += width
        narrower(columns, weight, events, window, neurons, full, fired, s, first, column)

    return in_tiles


_with_spikes, _with_constant_current = _all_columns(steady=False), _all_columns(steady=True)
_FIRST = np.uint64(0)


@stage
def run_window(columns, weight, events, window, neurons, full, fired, s, first):
    """Take undisturbed neurons at rest through a window, and leave membranes, counts and rail hits in `columns`.

    weight: (rows + 1, n); events, window: spikes, and which of their windows; full: of the spike accumulator;
    fired, s, first: masks, window and place at which spikes are kept.
    """
    window, s, first = np.uint64(window), np.uint64(s), np.uint64(first)
    _with_spikes(columns, weight, events, window, neurons, full, fired, s, first, _FIRST)


@stage
def run_window_of_constant_current(columns, weight, events, window, neurons, full, fired, s, first):
    """As `run_window`, with currents that stay what they are, in columns.drive."""
    window, s, first = np.uint64(window), np.uint64(s), np.uint64(first)
    _with_constant_current(columns, weight, events, window, neurons, full, fired, s, first, _FIRST)
