"""A visit: one position of an image takes a step and writes its crossbar, in vector registers.

Visits are short and many, so what a visit needs of its position stands in two arrays, each found by one
multiplication: what is kept from step to step, and the tables.
"""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numba import types
from numba.extending import intrinsic

from chipsim.kernel.gate import Gates
from chipsim.kernel.learn_in_registers import WIDEST_BLOCK, Group, Kept, Rate, take_step
from chipsim.kernel.neuron_lanes import ActiveRows, Circuits, Crossbar, FiredMasks
from chipsim.layout import ColumnBlock
from chipsim.simd import (
    LANES,
    FloatArray,
    Lanes,
    Sequence,
    index,
    inlined,
    inlined_in_python,
    members,
    placed,
    repeated,
)

_MEMBRANE, _COUNT, _TARGET_COUNT, _CURRENT = range(4)
_STATES = 4
_DECAY, _THRESHOLD, _RESET_CHARGE, _COMPARATOR_OFFSET, _BOXCAR_LOW, _BOXCAR_HIGH = range(6)
_TABLES = 6
_ZERO = np.float32(0)


class ImageStepState(NamedTuple):
    """State and tables of a block's n columns at each position."""

    state: Any  # (P, 4, n) float32: membrane, count, target count, and the charge that a constant current delivers
    tables: Any  # (P or, if all have the same, 1, 6, n) float32, see `fill_tables`


def new_positions(block: ColumnBlock, kept: int) -> ImageStepState:
    """Room for the tables of all positions of a block, and for the state of `kept` of them at a time."""
    n = block.state.weight.shape[-1]
    most = max(len(table) for table in _tables_of(block))
    return ImageStepState(placed(0, (kept, _STATES, n), np.float32), placed(0, (most, _TABLES, n), np.float32))


def _tables_of(block: Any) -> Any:
    """In the order of `ImageStepState.tables`; each (P, n), or (1, n) if all positions have the same."""
    neurons, circuit = block.neurons, block.circuit
    return (
        neurons.decay,
        neurons.threshold,
        neurons.reset_charge,
        circuit.comparator_offset,
        circuit.boxcar_low,
        circuit.boxcar_high,
    )


_tables_in_kernels = inlined_in_python(_tables_of)


@inlined
def fill_tables(positions, block):
    """Write what visits read of a block's tables."""
    tables = _tables_in_kernels(block)
    for p in range(len(positions.tables)):
        own = positions.tables[p]
        for number in range(_TABLES):
            table = tables[number]
            row = table[min(p, len(table) - 1)]
            for i in range(len(row)):
                own[number, i] = row[i]


@inlined_in_python
def start_positions(positions):
    """A window begins."""
    for p in range(len(positions.state)):
        positions.state[p, :, :] = _ZERO


class StepOutcome(NamedTuple):
    """What a window has made of a position, (n,) float32 each: as `chipsim.kernel.dense.end_window` takes it."""

    membrane: Any
    count: Any


@inlined_in_python
def step_outcome_of(positions, q):
    """Of the position whose state is the q-th."""
    state = positions.state[q]
    return StepOutcome(state[_MEMBRANE], state[_COUNT])


class TrainingWindow(NamedTuple):
    """What is taught in a window, and where its spikes are kept."""

    s: Any  # uint64 scalar, the window's place in its chunk
    targets: Any  # (S, places) float32
    rate: Any  # float32 scalar
    spike_bits: Any  # masks, see chipsim.layout.spike_bits


class _Position:
    """What generated code finds of a position: sixteen columns at a time, from those of vector 0 on."""

    def __init__(self, builder: Any, block: ColumnBlock, state: Sequence, tables: Sequence, width: int) -> None:
        """block: of (kind, value); state, tables: the position's own, as `ImageStepState` holds them."""
        self._builder = builder
        self._neurons, self._circuit = (members(builder, *each) for each in (block.neurons, block.circuit))
        self._state, self._tables = state, tables
        self._width = width
        self.warm_up = self._circuit.warm_up[1]

    def kept(self, number: int, v: int) -> Kept:
        return Kept(self._state, index(self._width * number + LANES * v))

    def _table(self, number: int, v: int) -> Lanes:
        return self._tables.load(index(self._width * number + LANES * v))

    def _number(self, member: tuple[Any, Any]) -> Lanes:
        return repeated(self._builder, member[1])

    def group(self, v: int, target: Lanes) -> Group:
        membrane, counter, target_counter = (self.kept(number, v) for number in (_MEMBRANE, _COUNT, _TARGET_COUNT))
        return Group(membrane, counter, target_counter, target, self._circuits(v), partial(self._gates, v))

    def _circuits(self, v: int) -> Circuits:
        return Circuits(
            decay=self._table(_DECAY, v),
            threshold=self._table(_THRESHOLD, v),
            reset_charge=self._table(_RESET_CHARGE, v),
            zero_reset=self._number(self._neurons.zero_reset).not_equal(0),
            low=self._number(self._neurons.low_rail),
            high=self._number(self._neurons.high_rail),
            full=self._number(self._circuit.accumulator_full),
        )

    def _gates(self, v: int) -> Gates:
        return Gates(
            comparator_offset=self._table(_COMPARATOR_OFFSET, v),
            boxcar_low=self._table(_BOXCAR_LOW, v),
            boxcar_high=self._table(_BOXCAR_HIGH, v),
            slope=self._number(self._circuit.slope),
            step_size=self._number(self._circuit.step_size),
            dead_zone=self._number(self._circuit.dead_zone),
        )


def _block(vectors: int, constant_current: bool) -> Any:
    """Code for a visit to so many vectors of columns.

    constant_current: their input is a constant current, delivered anew if it is stale.
    """
    width = LANES * vectors

    @intrinsic
    def step(context, positions, block, weight, gain, events, place, stale, training, t, first, p, q):
        def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            kinds = signature.args
            positions, block, events, training = (members(builder, kinds[k], values[k]) for k in (0, 1, 4, 7))
            (place, stale, t, first, p, q), s = (values[k] for k in (5, 6, 8, 9, 10, 11)), training.s[1]
            state, tables = (Sequence(context, builder, *each) for each in (positions.state, positions.tables))
            in_common = builder.icmp_unsigned("==", tables.length(), index(1))
            own = builder.select(in_common, index(0), builder.mul(p, index(_TABLES * width)))
            state = state.beginning_at(builder.mul(q, index(_STATES * width)))
            position = _Position(builder, block, state, tables.beginning_at(own), width)
            target = FloatArray(context, builder, *training.targets).row_vectors(s, first)
            groups = [position.group(v, Lanes(builder, target.load(v))) for v in range(vectors)]
            masks = FiredMasks(context, builder, training.spike_bits[0], training.spike_bits[1], s, first, vectors)
            spiked = [masks.load_before(v, t) for v in range(vectors)]
            crossbar = Crossbar(context, builder, (kinds[2], values[2]), index(0), vectors)
            active = ActiveRows(context, builder, events, place, constant_current)
            if constant_current:
                charges = [position.kept(_CURRENT, v) for v in range(vectors)]
                with builder.if_then(stale):
                    for charge, current in zip(charges, crossbar.deliver(active, t), strict=True):
                        charge.lanes = current
                currents = [charge.lanes for charge in charges]
            else:
                currents = crossbar.deliver(active, t)

            def write(pulses: list[Lanes]) -> None:
                crossbar.write((kinds[3], values[3]), pulses, active, t)

            rate = Rate.at(builder, training.rate[1], t)
            return take_step(builder, groups, spiked, currents, masks, t, position.warm_up, rate, write)

        i = types.uint64
        arguments = (positions, block, weight, gain, events, i, types.boolean, training, i, i, i, i)
        return types.UniTuple(types.int64, 3)(*arguments), generate

    return step


def _for_any_width(constant_current: bool) -> Any:
    def narrower(positions, block, weight, gain, events, place, stale, training, t, first, p, q):
        return 0, 0, 0

    step: Any = inlined(narrower)
    for vectors in range(1, WIDEST_BLOCK + 1):
        step = _if_as_wide(_block(vectors, constant_current), np.uint64(vectors * LANES), step)
    return step


def _if_as_wide(block_step: Any, width: np.uint64, narrower: Any) -> Any:
    @inlined
    def step(positions, block, weight, gain, events, place, stale, training, t, first, p, q):
        if np.uint64(weight.shape[1]) == width:
            return block_step(positions, block, weight, gain, events, place, stale, training, t, first, p, q)
        return narrower(positions, block, weight, gain, events, place, stale, training, t, first, p, q)

    return step


_with_spikes, _with_constant_current = _for_any_width(constant_current=False), _for_any_width(constant_current=True)


@inlined
def image_step_of_spikes(positions, block, weight, gain, events, place, training, t, first, p, q):
    """Step t of position p, whose state is the q-th, and the writes of its open columns.

    block: of the whole layer; weight, gain: of the crossbar that the position has; events, place: what it sees, and
    which of their windows; first: where its spikes and targets stand. All numbers are uint64.
    Returns how many columns are open, and how many membranes met the lower and the upper rail.
    """
    return _with_spikes(positions, block, weight, gain, events, place, True, training, t, first, p, q)


@inlined
def image_step_of_constant_current(positions, block, weight, gain, events, place, stale, training, t, first, p, q):
    """As `image_step_of_spikes`. stale: weights have changed since the current was delivered, or it never was."""
    return _with_constant_current(positions, block, weight, gain, events, place, stale, training, t, first, p, q)
