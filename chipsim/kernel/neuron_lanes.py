"""Sixteen neurons of a layer in vector registers: their step, and what `chipsim.kernel.deliver` does, as generated
code.

The stages of `chipsim.kernel.neuron` read a block's state from memory at every step and leave it there. Where a loop
over steps or rows runs around a few vectors of columns, this code keeps them in registers. The operations are the same,
in the same order, and so are the bits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from chipsim.layout import Events, NeuronTables
from chipsim.simd import (
    LANES,
    FloatArray,
    Lanes,
    Register,
    Vectors,
    as_index,
    comparison,
    data_and_shape,
    index,
    load,
    repeated,
    rolled_loop,
    row_beginning,
)
from learning_circuit import accumulated

_MASKS_PER_WORD = 4


class Circuits(NamedTuple):
    """Tables and constants of sixteen neighbouring neurons."""

    decay: Lanes
    threshold: Lanes
    reset_charge: Lanes
    zero_reset: Lanes  # whether a spike empties the membrane
    low: Lanes
    high: Lanes
    full: Lanes  # of the spike accumulator


class StepState(NamedTuple):
    """Sixteen neighbouring neurons between two steps."""

    membrane: Lanes
    spiked: Lanes  # which fired at the step before
    counted: Lanes


def circuits(context: Any, builder: Any, neurons: NeuronTables, full: Any, place: Any) -> Circuits:
    """Of the neurons from `place` on. neurons: of (kind, value), see `members`."""

    def scalar(member: tuple[Any, Any]) -> Lanes:
        return repeated(builder, member[1])

    return Circuits(
        decay=load(context, builder, neurons.decay, place),
        threshold=load(context, builder, neurons.threshold, place),
        reset_charge=load(context, builder, neurons.reset_charge, place),
        zero_reset=scalar(neurons.zero_reset).not_equal(0),
        low=scalar(neurons.low_rail),
        high=scalar(neurons.high_rail),
        full=repeated(builder, full),
    )


def integrated(
    membrane: Lanes, spiked: Lanes, current: Lanes, decay: Lanes, reset_charge: Lanes, zero_reset: Lanes
) -> Lanes:
    """Eq. 1: U[t] = a U[t-1] + I[t] - th S[t-1]; if the reset is to zero, U[t] = a U[t-1] (1 - S[t-1]) + I[t].

    spiked, zero_reset: comparisons.
    """
    kept = (spiked & zero_reset).where(membrane.broadcast_like(0.0), membrane)
    charged = decay * kept + current
    return spiked.where(charged - reset_charge, charged)


def fire(circuit: Circuits, before: StepState, current: Lanes) -> tuple[StepState, Lanes, Lanes]:
    """One step (Eqs. 1 and 3). Returns also which membranes met the lower rail, and which the upper one."""
    u = integrated(before.membrane, before.spiked, current, circuit.decay, circuit.reset_charge, circuit.zero_reset)
    low, high = u < circuit.low, u > circuit.high
    u = low.where(circuit.low, high.where(circuit.high, u))
    fires = u >= circuit.threshold
    spikes = fires.where(u.broadcast_like(1.0), 0.0)
    return StepState(u, fires, accumulated(before.counted, spikes, circuit.full)), low, high


class Crossbar:
    """Rows of synapses (rows + 1, n), the bias last; some vectors of columns from `column` on."""

    def __init__(self, context: Any, builder: Any, weight: tuple[Any, Any], column: Any, vectors: int) -> None:
        """weight: (kind, value)."""
        self._context = context
        self._builder = builder
        self._weight = FloatArray(context, builder, *weight)
        self._bias = builder.sub(self._rows_of(*weight), index(1))
        self._column = column
        self._vectors = range(vectors)

    def deliver(self, active: ActiveRows, t: Any) -> list[Lanes]:
        """Currents at step t."""
        biases = self._row(self._bias)
        currents = [Register(self._builder, biases.load(v)) for v in self._vectors]
        with active.each(t) as (row, amplitude):
            synapses = self._row(row)
            for v, current in enumerate(currents):
                delivered = Lanes(self._builder, synapses.load(v))
                current.lanes = current.lanes + (delivered if amplitude is None else amplitude * delivered)
        return [current.lanes for current in currents]

    def write(self, gain: tuple[Any, Any], pulses: list[Lanes], active: ActiveRows, t: Any) -> None:
        """As the direct writes of `chipsim.kernel.write_rows`, bias included.

        gain: (kind, value), (1 or rows + 1, n).
        """
        gains = FloatArray(self._context, self._builder, *gain)
        in_common = self._builder.icmp_unsigned("==", self._rows_of(*gain), index(1))

        def own_gains(row: Any) -> list[Lanes]:
            own = gains.row_vectors(gains.row_of(row), self._column)
            return [Lanes(self._builder, own.load(v)) for v in self._vectors]

        def change(row: Any, changes: list[Lanes]) -> None:
            synapses = self._row(row)
            for v, by in enumerate(changes):
                synapses.store(v, (Lanes(self._builder, synapses.load(v)) + by).value)

        def at_rows(changes_of: Callable[[Any, Any], list[Lanes]]) -> None:
            with active.each(t) as (row, amplitude):
                change(row, changes_of(row, amplitude))

        of_bias = [g * pulse for g, pulse in zip(own_gains(self._bias), pulses, strict=True)]
        if active.constant_current:
            at_rows(lambda row, x: [g * (pulse * x) for g, pulse in zip(own_gains(row), pulses, strict=True)])
        else:
            with self._builder.if_else(in_common) as (single, several):
                with single:
                    at_rows(lambda row, x: of_bias)
                with several:
                    at_rows(lambda row, x: [g * pulse for g, pulse in zip(own_gains(row), pulses, strict=True)])
        change(self._bias, of_bias)

    def _rows_of(self, kind: Any, value: Any) -> Any:
        _, (n_rows, _) = data_and_shape(self._context, self._builder, (kind, value))
        return n_rows

    def _row(self, row: Any) -> Vectors:
        return self._weight.row_vectors(row, self._column)


class ActiveRows:
    """The rows that are active at each step of one window of `Events`."""

    def __init__(self, context: Any, builder: Any, events: Events, window: Any, constant_current: bool) -> None:
        """events: of (kind, value), see `members`; constant_current: with amplitudes."""
        self.constant_current = constant_current
        self._builder = builder
        self._rows, self._begin, self._end, self._amplitude = (
            row_beginning(context, builder, each, window)
            for each in (events.rows, events.begin, events.end, events.amplitude)
        )

    @contextmanager
    def each(self, t: Any) -> Iterator[tuple[Any, Lanes | None]]:
        """Generate a loop over the rows of step t and their amplitudes, with what follows as its body."""
        builder = self._builder
        first, last = (as_index(builder, builder.load(builder.gep(each, [t]))) for each in (self._begin, self._end))
        with rolled_loop(builder, first, last) as k:
            row = as_index(builder, builder.load(builder.gep(self._rows, [k])))
            x = repeated(builder, builder.load(builder.gep(self._amplitude, [k]))) if self.constant_current else None
            yield row, x


class FiredMasks:
    """Spikes of window s as bits (`layout.spike_bits`); sixteen to a mask, from that of neuron `first` on."""

    def __init__(self, context: Any, builder: Any, kind: Any, value: Any, s: Any, first: Any, masks: int) -> None:
        data, (_, n_windows, self.steps, _) = data_and_shape(context, builder, (kind, value))
        self._builder = builder
        mask = builder.udiv(first, index(LANES))
        word, place = (getattr(builder, f)(mask, index(_MASKS_PER_WORD)) for f in ("udiv", "urem"))
        window = builder.mul(self.steps, index(_MASKS_PER_WORD))
        start = builder.add(builder.mul(builder.add(builder.mul(word, n_windows), s), window), place)
        start = builder.gep(data, [start])
        to_next_word = builder.sub(builder.mul(n_windows, window), index(_MASKS_PER_WORD))
        self._starts = [start]
        for number in range(1, masks):
            beyond = builder.icmp_unsigned(">=", place, index(_MASKS_PER_WORD - number))
            further = builder.add(index(number), builder.select(beyond, to_next_word, index(0)))
            self._starts.append(builder.gep(start, [further]))

    def _place(self, number: int, t: Any) -> Any:
        return self._builder.gep(self._starts[number], [self._builder.mul(t, index(_MASKS_PER_WORD))])

    def load_before(self, number: int, t: Any) -> Lanes:
        """Those of step t - 1, or none."""
        builder = self._builder
        began = builder.icmp_signed(">", t, index(0))
        earlier = builder.select(began, builder.sub(t, index(1)), t)
        mask = builder.load(self._place(number, earlier))
        return comparison(builder, builder.select(began, mask, mask.type(0)))

    def store(self, number: int, t: Any, spike_bits: Lanes) -> None:
        self._builder.store(spike_bits.bits(), self._place(number, t))
