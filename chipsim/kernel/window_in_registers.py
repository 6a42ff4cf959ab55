"""A window of neurons whose state never leaves the vector registers.

While weights rest, a position's neurons take a whole window before the next position starts, so nothing of them needs
memory between two steps: this does at each step what `deliver` and `fire_and_count` of `chipsim.kernel.dense` do, to
the same bits. A tile of up to four vectors of columns takes all steps before the next tile starts.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types
from numba.extending import intrinsic

from chipsim.kernel.neuron_lanes import ActiveRows, Circuits, Crossbar, FiredMasks, StepState, circuits, fire
from chipsim.layout import ColumnBlock
from chipsim.simd import (
    LANES,
    Lanes,
    Sequence,
    Sum,
    index,
    inlined,
    load,
    members,
    none_chosen,
    packed,
    steps_loop,
    unpacked,
    zero_floats,
)
from learning_circuit import accumulated

_WIDEST_TILE = 4  # vectors: all of a block


def is_undisturbed(block: ColumnBlock) -> bool:
    """Whether these neurons only integrate, fire and count, which is all that `run_window` knows."""
    return not block.neurons.noisy and is_plain(block)


def is_plain(block: ColumnBlock) -> bool:
    """As `is_undisturbed`, whatever the noise."""
    return fires(block) and not block.circuit.has_misses


def fires(block: ColumnBlock) -> bool:
    """Whether these are neurons that fire at what the crossbar delivers at each step, and nothing else."""
    neurons = block.neurons
    return not (neurons.exponential or neurons.integrating or neurons.peak)


class _Group:
    """Sixteen neurons that are at rest, to begin with."""

    def __init__(self, builder: Any, circuit: Circuits, rail_hits: tuple[Sum, Sum]) -> None:
        """rail_hits: membranes that meet the lower and the upper rail are added to them."""
        self._circuit = circuit
        self._rail_hits = rail_hits
        self.membrane, self._spikes = (zero_floats(builder) for _ in range(2))
        self._spiked = none_chosen(builder)

    def step(self, current: Lanes) -> Lanes:
        """Returns which fire."""
        spikes = self._spikes.lanes
        after, *rails = fire(self._circuit, StepState(self.membrane.lanes, self._spiked.lanes, spikes), current)
        self.membrane.lanes, self._spiked.lanes = after.membrane, after.spiked
        self._spikes.lanes = after.spiked.where(spikes + 1.0, spikes)
        for hits, now in zip(self._rail_hits, rails, strict=True):
            hits.add(now)
        return after.spiked

    @property
    def count(self) -> Lanes:
        """Of the spike accumulator, which only counts up: it need not be looked at for being full at every step."""
        spikes = self._spikes.lanes
        return accumulated(spikes.broadcast_like(0.0), spikes, self._circuit.full)


def _store(context: Any, builder: Any, neuron_state: Any, places: list[Any], groups: list[_Group]) -> None:
    membranes, counts = (Sequence(context, builder, *each) for each in (neuron_state.membrane, neuron_state.count))
    for place, group in zip(places, groups, strict=True):
        membranes.store(place, group.membrane.lanes)
        counts.store(place, group.count)


def _tile(vectors: int) -> Any:
    """Code that takes some vectors of columns, from `column` on, through a window."""

    @intrinsic
    def tile(context, neuron_state, weight, events, window, neurons, full, spike_bits, s, first, column):
        def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            kinds = signature.args
            neuron_state, events, tables = (members(builder, kinds[k], values[k]) for k in (0, 2, 4))
            window, full, s, first, column = (values[k] for k in (3, 5, 7, 8, 9))
            crossbar = Crossbar(context, builder, (kinds[1], values[1]), column, vectors)
            active = ActiveRows(context, builder, events, window, constant_current=False)
            masks = FiredMasks(context, builder, kinds[6], values[6], s, builder.add(first, column), vectors)
            places = [builder.add(column, index(LANES * v)) for v in range(vectors)]
            rail_hits = (Sum(builder), Sum(builder))
            groups = [_Group(builder, circuits(context, builder, tables, full, place), rail_hits) for place in places]
            with steps_loop(builder, masks.steps) as loop:
                currents = crossbar.deliver(active, loop.index)
                for v in range(vectors):
                    masks.store(v, loop.index, groups[v].step(currents[v]))
            _store(context, builder, neuron_state, places, groups)
            return packed(builder, [hits.value for hits in rail_hits])

        place = types.uint64
        arguments = (neuron_state, weight, events, place, neurons, full, spike_bits, place, place, place)
        return types.UniTuple(types.int64, 2)(*arguments), generate

    return tile


def _steady_tile(vectors: int) -> Any:
    """As `_tile`, for two positions at once, each of whose currents are the same at every step."""

    @intrinsic
    def tile(context, both_columns, both_neurons, full, spike_bits, s, both_firsts, column):
        def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            kinds = signature.args
            both_columns, both_tables = (
                [members(builder, kinds[k].dtype, each) for each in unpacked(builder, values[k])] for k in (0, 1)
            )
            full, s, column = (values[k] for k in (2, 4, 6))
            places = [builder.add(column, index(LANES * v)) for v in range(vectors)]
            positions = []
            for neuron_state, tables, first in zip(
                both_columns, both_tables, unpacked(builder, values[5]), strict=True
            ):
                masks = FiredMasks(context, builder, kinds[3], values[3], s, builder.add(first, column), vectors)
                hits = (Sum(builder), Sum(builder))
                groups = [_Group(builder, circuits(context, builder, tables, full, place), hits) for place in places]
                currents = [load(context, builder, neuron_state.drive, place) for place in places]
                positions.append((masks, hits, groups, currents))
            with steps_loop(builder, masks.steps) as loop:
                for masks, _, groups, currents in positions:
                    for v, (group, current) in enumerate(zip(groups, currents, strict=True)):
                        masks.store(v, loop.index, group.step(current))
            for neuron_state, (_, _, groups, _) in zip(both_columns, positions, strict=True):
                _store(context, builder, neuron_state, places, groups)
            return packed(builder, [each.value for _, hits, _, _ in positions for each in hits])

        arguments = (both_columns, both_neurons, full, spike_bits, types.uint64, both_firsts, types.uint64)
        return types.UniTuple(types.int64, 4)(*arguments), generate

    return tile


def _all_columns() -> Any:
    @inlined
    def narrower(neuron_state, weight, events, window, neurons, full, spike_bits, s, first, column):
        return np.int64(0), np.int64(0)

    vectors = 1
    while vectors <= _WIDEST_TILE:
        narrower = _in_tiles(_tile(vectors), np.uint64(vectors * LANES), narrower)
        vectors *= 2
    return narrower


def _in_tiles(tile: Any, width: np.uint64, narrower: Any) -> Any:
    @inlined
    def in_tiles(neuron_state, weight, events, window, neurons, full, spike_bits, s, first, column):
        low, high = np.int64(0), np.int64(0)
        while column + width <= np.uint64(len(neuron_state.membrane)):
            some = tile(neuron_state, weight, events, window, neurons, full, spike_bits, s, first, column)
            low, high = low + some[0], high + some[1]
            column += width
        others = narrower(neuron_state, weight, events, window, neurons, full, spike_bits, s, first, column)
        return low + others[0], high + others[1]

    return in_tiles


_with_spikes = _all_columns()
_narrow_steady_tile, _wide_steady_tile = _steady_tile(1), _steady_tile(_WIDEST_TILE // 2)
_FIRST = np.uint64(0)


@inlined
def run_window(neuron_state, here, events, window, spike_bits, s, first):
    """Take undisturbed neurons at rest through a window, and leave membranes and counts in `columns`.

    neuron_state, here: a block's, see `chipsim.layout.neuron_state` and `chipsim.layout.tables`; events, window:
    spikes, and which of their windows; fired, s, first: masks, window and place at which spikes are kept. Returns how
    many membranes met the lower and the upper rail.
    """
    window, s, first = np.uint64(window), np.uint64(s), np.uint64(first)
    weight, neurons, full = here.state.weight, here.neurons, here.circuit.accumulator_full
    return _with_spikes(neuron_state, weight, events, window, neurons, full, spike_bits, s, first, _FIRST)


@inlined
def run_two_windows_of_constant_current(neuron_state, here, spike_bits, s, first):
    """As `run_window`, for two positions at once, with currents that stay what they are, in columns.drive.

    neuron_state, here, first: pairs, of positions of one block. Returns (lower, upper) of the first, and of the second.
    """
    s, firsts = np.uint64(s), (np.uint64(first[0]), np.uint64(first[1]))
    neurons, full = (here[0].neurons, here[1].neurons), here[0].circuit.accumulator_full
    low, high, other_low, other_high = np.int64(0), np.int64(0), np.int64(0), np.int64(0)
    n, column, wide = np.uint64(len(neuron_state[0].membrane)), _FIRST, np.uint64(_WIDEST_TILE // 2 * LANES)
    while column < n:
        if column + wide <= n:
            hits = _wide_steady_tile(neuron_state, neurons, full, spike_bits, s, firsts, column)
            column += wide
        else:
            hits = _narrow_steady_tile(neuron_state, neurons, full, spike_bits, s, firsts, column)
            column += np.uint64(LANES)
        low, high = low + hits[0], high + hits[1]
        other_low, other_high = other_low + hits[2], other_high + hits[3]
    return low, high, other_low, other_high
