"""A step of a layer whose columns see each other, in two halves: what all do for themselves before and after.

Between them the winner is found, of all columns. Each half is straight-line code for some vectors of columns, in tiles.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import types
from numba.extending import intrinsic

from chipsim.kernel.columns import ColumnsInMemory, Own, OwnState
from chipsim.kernel.crossbar import ActiveRows, Crossbar
from chipsim.kernel.parts import Parts
from chipsim.kernel.plan import When
from chipsim.kernel.stages import COUNT_UP, DELIVER, DISTURB, PROBE, Integrate
from chipsim.kernel.step import UPDATES_FROM, WIDEST_BLOCK, learn, prepare_learning
from chipsim.kernel.wires import Step
from chipsim.neurons import KEPT, SPIKE
from chipsim.simd import (
    LANES,
    FloatArray,
    Lanes,
    Register,
    Sum,
    data_and_shape,
    first_lanes,
    index,
    inlined,
    members,
    no_lanes,
    packed,
    steps_loop,
)

ABOVE = 2  # of what `charge_of` returns, after LOW_HITS and HIGH_HITS: membranes above their threshold


class _Charge(Integrate):
    """The membrane takes its charge, and how far it is above its threshold is left for the competition."""

    def emit(self, step: Step) -> None:
        step.above = Sum(step.builder)
        for v in step.vectors:
            own, state = Own(step.columns, v), OwnState(step.columns, v)
            step.neuron.integrate(own, state, no_lanes(step.builder), step.currents[v])
            self._hold(step, v, own, state)
            margin: Any = step.neuron.margin(own, state)
            state.margin = margin
            step.above.add(margin >= 0.0)
            state.keep()


_CHARGE = _Charge()


def charge_of(parts: Parts) -> Any:
    """A piece for what comes before the competition. Its arguments: see `chipsim.kernel.step.step_of`.

    Returns how many membranes met the lower and the upper rail, and how many are above their threshold.
    """

    @intrinsic
    def charge(context, block, state, weight, events, watched, t, s):
        def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            given = list(zip(signature.args, values, strict=True))
            of = [members(builder, *given[k]) for k in (0, 1, 3)]
            watched, t, s = values[4:]

            def tile(column: Any, vectors: int) -> list[Any]:
                step = _step(context, builder, parts, vectors, of, t, s, column)
                step.crossbar = Crossbar(context, builder, given[2], column, vectors)
                DELIVER.emit(step)
                DISTURB.emit(step)
                _CHARGE.emit(step)
                if parts.plan.probed is not When.NEVER:
                    with builder.if_then(watched):
                        PROBE.note_charge(step)
                return [step.low_hits, step.high_hits, step.above]

            return packed(builder, _all_tiles(context, builder, given[2], tile, ABOVE + 1))

        i = types.uint64
        return types.UniTuple(types.int64, ABOVE + 1)(block, state, weight, events, types.boolean, i, i), generate

    @inlined  # so that no two arrays are taken for one
    def piece(block, state, weight, events, watched, t, s):
        return charge(block, state, weight, events, watched, t, s)

    return piece


def conclude_of(parts: Parts) -> Any:
    """A piece for what comes after it. winner: int64, the column that fires, or below 0. Returns as `step_of` does."""
    n_results = UPDATES_FROM + len(parts.plan.rows)

    @intrinsic
    def conclude(context, block, state, weight, gain, events, targets, moment, watched, t, s, slot, winner):
        def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            given = list(zip(signature.args, values, strict=True))
            of = [members(builder, *given[k]) for k in (0, 1, 4)]
            watched, t, s, slot, winner = values[7:]

            def tile(column: Any, vectors: int) -> list[Any]:
                step = _step(context, builder, parts, vectors, of, t, s, column)
                step.watched, step.crossbar = watched, Crossbar(context, builder, given[2], column, vectors)
                step.states = [OwnState(step.columns, v) for v in step.vectors]
                step.spiked = [_won(builder, winner, column, v) for v in step.vectors]
                if parts.plan.learns:
                    step.targets = FloatArray(context, builder, *given[5]).row_vectors(s, builder.add(slot, column))
                    prepare_learning(context, builder, parts, step, of[0], of[1], given[3], values[6])
                COUNT_UP.emit(step)
                if parts.plan.learns:
                    learn(step)
                if parts.plan.probed is not When.NEVER:
                    with builder.if_then(watched):
                        _note_left(step, builder.icmp_signed(">=", winner, index(0)))
                return [step.low_hits, step.high_hits, step.missed, step.saturated, *step.n_open]

            return packed(builder, _all_tiles(context, builder, given[2], tile, n_results))

        i = types.uint64
        arguments = (block, state, weight, gain, events, targets, moment, types.boolean, i, i, i, types.int64)
        return types.UniTuple(types.int64, n_results)(*arguments), generate

    @inlined
    def piece(block, state, weight, gain, events, targets, moment, watched, t, s, slot, winner):
        return conclude(block, state, weight, gain, events, targets, moment, watched, t, s, slot, winner)

    return piece


def _all_tiles(
    context: Any, builder: Any, weight: tuple[Any, Any], tile: Callable[[Any, int], list[Sum]], n_sums: int
) -> list[Any]:
    """Generate `tile` for all columns: from a column on, so many vectors. Returns its sums, added up."""
    _, (_, width) = data_and_shape(context, builder, weight)
    totals = [Register(builder, index(0)) for _ in range(n_sums)]

    def take(column: Any, vectors: int) -> None:
        for total, each in zip(totals, tile(column, vectors), strict=True):
            total.lanes = total.lanes + Lanes(builder, each.value)

    widest = index(WIDEST_BLOCK * LANES)
    with steps_loop(builder, builder.udiv(width, widest)) as loop:
        take(builder.mul(loop.index, widest), WIDEST_BLOCK)
    vectors = WIDEST_BLOCK // 2
    while vectors:  # what is left is narrower: each power of two once, or not at all
        columns = index(vectors * LANES)
        with builder.if_then(builder.icmp_unsigned("!=", builder.and_(width, columns), index(0))):
            beyond = index(2 * vectors * LANES)
            take(builder.mul(builder.udiv(width, beyond), beyond), vectors)
        vectors //= 2
    return [total.lanes.value for total in totals]


def _won(builder: Any, winner: Any, column: Any, v: int) -> Lanes:
    """A comparison: which of vector v's columns is the winner."""
    place = builder.sub(winner, builder.add(column, index(LANES * v)))
    return first_lanes(builder, builder.add(place, index(1))) ^ first_lanes(builder, place)


def _step(context: Any, builder: Any, parts: Parts, vectors: int, of: list[Any], t: Any, s: Any, column: Any) -> Step:
    """of: members of block, state and events."""
    block, state, events = of
    _, (*_, width) = data_and_shape(context, builder, block.tables)
    only = (index(0), index(0))
    columns = ColumnsInMemory(context, builder, parts.places, parts.kept, block, state, only, width, column)
    step = Step(builder, parts.plan, parts.neuron, columns, vectors, None)
    step.circuit, step.n_columns = members(builder, *block.circuit), builder.sub(block.n_columns[1], column)
    step.guards_neurons, step.guards_pulses = parts.has_foreign_neuron, parts.has_foreign_rule
    step.active = ActiveRows(context, builder, events, s, constant_current=False)
    step.noise_row = FloatArray(context, builder, *state.noise).row_vectors(builder.urem(t, index(4)), column)
    step.begin(t)
    return step


def _note_left(step: Step, somebody_won: Any) -> None:
    """Nothing is left of any membrane once one has won."""
    for v, state in enumerate(step.states):
        later, quiet = state.copy(), state.membrane.broadcast_like(0.0)
        step.neuron.integrate(Own(step.columns, v), later, no_lanes(step.builder), quiet)
        kept = step.builder.select(somebody_won, quiet.value, later.membrane.value)
        step.columns.store(KEPT.name, v, Lanes(step.builder, kept))
        step.columns.store(SPIKE.name, v, step.spiked[v].as_floats())
