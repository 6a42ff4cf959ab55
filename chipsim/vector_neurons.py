"""Sixteen neurons of a layer in vector registers: what `chipsim.neuron` and `chipsim.crossbar` do, as generated code.

The loops of those stages read a block's state from memory at every step and leave it there. Where a loop over steps or
rows runs around a few vectors of columns, this code keeps them in registers. Same operations in the same order, so the
bits are the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from llvmlite import ir
from numba.core import cgutils
from numba.np.arrayobj import make_array

from chipsim.neuron import UPPER_RAIL_HIT
from chipsim.tables import Events, NeuronTables
from learning_circuit.lanes import Lanes, Sequence, repeated
from learning_circuit.rows import LANES, FloatArray

_INDEX = ir.IntType(64)
_HITS = ir.VectorType(ir.IntType(32), LANES)
_FLOATS = ir.VectorType(ir.FloatType(), LANES)
_CHOICE = ir.VectorType(ir.IntType(1), LANES)
_MASKS_PER_WORD = 4


class Register:
    """A vector that changes. The compiler finds a register for it, or else room on the stack."""

    def __init__(self, builder: Any, value: Any) -> None:
        self._builder = builder
        self._place = cgutils.alloca_once(builder, value.type)
        builder.store(value, self._place)

    @property
    def lanes(self) -> Lanes:
        return Lanes(self._builder, self._builder.load(self._place))

    @lanes.setter
    def lanes(self, lanes: Lanes) -> None:
        self._builder.store(lanes.value, self._place)


class SixteenNeurons(NamedTuple):
    """State and tables of sixteen neighbours."""

    membrane: Register
    spiked: Register  # which fired at the step before
    count: Register
    rail_hits: Register  # see `chipsim.neuron.fire`
    decay: Lanes
    threshold: Lanes
    reset_charge: Lanes
    kept_after_spike: Lanes  # 1 - zero_reset
    low: Lanes
    high: Lanes
    full: Lanes  # of the spike accumulator


def resting(context: Any, builder: Any, tables: NeuronTables, full: Any, place: Any) -> SixteenNeurons:
    """Neurons from `place` on at the start of a window. tables: of (kind, value), see `members`."""

    def cleared(kind: Any) -> Register:
        return Register(builder, ir.Constant(kind, None))

    def scalar(member: tuple[Any, Any]) -> Lanes:
        return repeated(builder, member[1])

    zero_reset = scalar(tables.zero_reset)
    return SixteenNeurons(
        membrane=cleared(_FLOATS),
        spiked=cleared(_CHOICE),
        count=cleared(_FLOATS),
        rail_hits=cleared(_HITS),
        decay=sixteen(context, builder, tables.decay, place),
        threshold=sixteen(context, builder, tables.threshold, place),
        reset_charge=sixteen(context, builder, tables.reset_charge, place),
        kept_after_spike=zero_reset.like(1.0) - zero_reset,
        low=scalar(tables.low_rail),
        high=scalar(tables.high_rail),
        full=repeated(builder, full),
    )


def fire(neurons: SixteenNeurons, current: Lanes) -> Lanes:
    """One step, as `chipsim.neuron.fire`. Returns which fire."""
    spiked, membrane = neurons.spiked.lanes, neurons.membrane.lanes
    kept = membrane * spiked.where(neurons.kept_after_spike, 1.0)
    u = (neurons.decay * kept + current) - spiked.where(neurons.reset_charge, 0.0)
    is_low, is_high = u < neurons.low, u > neurons.high
    hits = neurons.rail_hits.lanes
    hits = hits + is_low.where(hits.like(1), 0)
    neurons.rail_hits.lanes = hits + is_high.where(hits.like(int(UPPER_RAIL_HIT)), 0)
    u = is_low.where(neurons.low, is_high.where(neurons.high, u))
    fires = u >= neurons.threshold
    total = neurons.count.lanes + fires.where(u.like(1.0), 0.0)
    neurons.membrane.lanes = u
    neurons.spiked.lanes = fires
    neurons.count.lanes = (total > neurons.full).where(neurons.full, total)
    return fires


class Crossbar:
    """Rows of synapses (rows + 1, n), the bias last."""

    def __init__(self, context: Any, builder: Any, kind: Any, value: Any) -> None:
        n_rows, _ = cgutils.unpack_tuple(builder, make_array(kind)(context, builder, value).shape)
        self._builder = builder
        self._weight = FloatArray(context, builder, kind, value)
        self._bias = builder.sub(n_rows, _INDEX(1))

    def deliver(self, active: Numbers, t: Any, column: Any, vectors: int) -> list[Lanes]:
        """Currents of some vectors of columns from `column` on, with the rows of step t active."""
        biases = self._weight.row_vectors(self._bias, column)
        currents = [Register(self._builder, biases.load(v)) for v in range(vectors)]
        with active.each(t) as row:
            synapses = self._weight.row_vectors(row, column)
            for v, current in enumerate(currents):
                current.lanes = current.lanes + Lanes(self._builder, synapses.load(v))
        return [current.lanes for current in currents]


class Numbers:
    """The rows that are active at each step of one window of `Events`."""

    def __init__(self, context: Any, builder: Any, events: Events, window: Any) -> None:
        """events: of (kind, value), see `members`."""
        self._builder = builder
        self._rows, self._begin, self._end = (
            _row(context, builder, *each, window) for each in (events.rows, events.begin, events.end)
        )

    @contextmanager
    def each(self, t: Any) -> Iterator[Any]:
        """Generate a loop over the rows of step t, with what follows as its body."""
        builder = self._builder
        first, last = (
            builder.zext(builder.load(builder.gep(each, [t])), _INDEX) for each in (self._begin, self._end)
        )
        with cgutils.for_range_slice(builder, first, last, _INDEX(1)) as (k, _):
            yield builder.zext(builder.load(builder.gep(self._rows, [k])), _INDEX)


class FiredMasks:
    """Spikes of window s as bits, see `chipsim.spike_masks`; sixteen to a mask, from that of neuron `first` on."""

    def __init__(self, context: Any, builder: Any, kind: Any, value: Any, s: Any, first: Any, masks: int) -> None:
        array = make_array(kind)(context, builder, value)
        _, n_windows, self.steps, _ = cgutils.unpack_tuple(builder, array.shape)
        self._builder = builder
        self._starts = []
        before = builder.udiv(first, _INDEX(LANES))
        for number in range(masks):
            mask = builder.add(before, _INDEX(number))
            word, place = (getattr(builder, f)(mask, _INDEX(_MASKS_PER_WORD)) for f in ("udiv", "urem"))
            window = builder.add(builder.mul(word, n_windows), s)
            start = builder.mul(builder.mul(window, self.steps), _INDEX(_MASKS_PER_WORD))
            self._starts.append(builder.gep(array.data, [builder.add(start, place)]))

    def _place(self, number: int, t: Any) -> Any:
        return self._builder.gep(self._starts[number], [self._builder.mul(t, _INDEX(_MASKS_PER_WORD))])

    def store(self, number: int, t: Any, fired: Lanes) -> None:
        self._builder.store(fired.bits(), self._place(number, t))


def members(builder: Any, kind: Any, value: Any) -> Any:
    """A named tuple inside generated code, as one of (kind, value)."""
    return kind.instance_class(*zip(kind.types, cgutils.unpack_tuple(builder, value), strict=True))


def sixteen(context: Any, builder: Any, array: tuple[Any, Any], place: Any) -> Lanes:
    """Neighbours from `place` on. array: (kind, value), of one axis."""
    return Sequence(context, builder, *array).sixteen(place)


def _row(context: Any, builder: Any, kind: Any, value: Any, number: Any) -> Any:
    """Where a row of an array of two axes begins."""
    array = make_array(kind)(context, builder, value)
    _, width = cgutils.unpack_tuple(builder, array.shape)
    return builder.gep(array.data, [builder.mul(number, width)])
