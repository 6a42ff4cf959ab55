"""The crossbar in generated code: rows that are active, currents that they deliver, and direct writes (Eqs. 2, 10)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chipsim.layout import Events
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
    repeated,
    rolled_loop,
    row_beginning,
)

_MASKS_PER_WORD = 4


class ActiveRows:
    """The rows that are active at each step of one window of `Events`."""

    def __init__(self, context: Any, builder: Any, events: Events, window: Any, constant_current: Any) -> None:
        """events: of (kind, value), see `members`; constant_current: with amplitudes; a bit where that is asked."""
        self.constant_current = constant_current
        self._builder = builder
        self._rows, self._begin, self._end, self._amplitude = (
            row_beginning(context, builder, each, window)
            for each in (events.rows, events.begin, events.end, events.amplitude)
        )

    def each(self, t: Any, body: Callable[[Any, Lanes | None], None]) -> None:
        """Generate a loop over the rows of step t and their amplitudes; twice, where those have to be asked for."""
        if isinstance(self.constant_current, bool):
            self._loop(t, self.constant_current, body)
            return
        with self._builder.if_else(self.constant_current) as (constant, spikes):
            with constant:
                self._loop(t, True, body)
            with spikes:
                self._loop(t, False, body)

    def _loop(self, t: Any, amplitudes: bool, body: Callable[[Any, Lanes | None], None]) -> None:
        builder = self._builder
        first, last = (as_index(builder, builder.load(builder.gep(each, [t]))) for each in (self._begin, self._end))
        with rolled_loop(builder, first, last) as k:
            row = as_index(builder, builder.load(builder.gep(self._rows, [k])))
            body(row, repeated(builder, builder.load(builder.gep(self._amplitude, [k]))) if amplitudes else None)


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
        """Currents at step t: I_i = b_i + sum_j w_ij x_j (Eq. 2), the bias first, then rows in their order."""
        biases = self._row(self._bias)
        currents = [Register(self._builder, biases.load(v)) for v in self._vectors]

        def add(row: Any, amplitude: Lanes | None) -> None:
            synapses = self._row(row)
            for v, current in enumerate(currents):
                delivered = Lanes(self._builder, synapses.load(v))
                current.lanes = current.lanes + (delivered if amplitude is None else amplitude * delivered)

        active.each(t, add)
        return [current.lanes for current in currents]

    def write(self, gain: tuple[Any, Any], pulses: list[Lanes], active: ActiveRows, t: Any) -> None:
        """w_ij += gain_ij (pulse_i x_j), in the active rows and in the bias, whose x is 1 (Eq. 10).

        gain: (kind, value), (1 or rows + 1, n). Rows are distinct, so their order cannot matter.
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

        def pulses_at(x: Lanes | None) -> list[Lanes]:
            return pulses if x is None else [pulse * x for pulse in pulses]

        def scaled(gains_of_row: list[Lanes], x: Lanes | None) -> list[Lanes]:
            return [g * pulse for g, pulse in zip(gains_of_row, pulses_at(x), strict=True)]

        of_all = own_gains(self._bias)
        of_bias = scaled(of_all, None)
        with self._builder.if_else(in_common) as (single, several):
            with single:  # the same gains for all rows, and of spikes the same change
                active.each(t, lambda row, x: change(row, of_bias if x is None else scaled(of_all, x)))
            with several:
                active.each(t, lambda row, x: change(row, scaled(own_gains(row), x)))
        change(self._bias, of_bias)

    def _rows_of(self, kind: Any, value: Any) -> Any:
        _, (n_rows, _) = data_and_shape(self._context, self._builder, (kind, value))
        return n_rows

    def _row(self, row: Any) -> Vectors:
        return self._weight.row_vectors(row, self._column)


class SpikeMasks:
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

    def store(self, number: int, t: Any, spiked: Lanes) -> None:
        self._builder.store(spiked.bits(), self._place(number, t))
