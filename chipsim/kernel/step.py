"""A step of a block of columns, composed of the stages that its plan asks for; and a window, where no step is seen.

numba runs `generate` while it compiles, so what a plan leaves out is neither typed nor compiled, and a stage costs
nothing at run time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import types
from numba.extending import intrinsic

from chipsim.kernel.columns import ColumnsInMemory, ColumnsInRegisters
from chipsim.kernel.crossbar import ActiveRows, Crossbar, SpikeMasks
from chipsim.kernel.parts import Parts
from chipsim.kernel.plan import When
from chipsim.kernel.stages import ADAPT, COUNT_UP, DELIVER, DISTURB, GATE, INTEGRATE, PROBE, WRITE
from chipsim.kernel.wires import Step
from chipsim.layout import COLUMNS_OF_A_BLOCK
from chipsim.simd import (
    LANES,
    FloatArray,
    Lanes,
    Register,
    data_and_shape,
    index,
    inlined,
    members,
    packed,
    repeated,
    steps_loop,
    unpacked,
)
from learning_circuit import Brings, Moment, Rows

WIDEST_BLOCK = COLUMNS_OF_A_BLOCK // LANES  # vectors
# Of what a step returns; one for each update at last.
LOW_HITS, HIGH_HITS, MISSED_COUNTS, SATURATIONS, UPDATES_FROM = range(5)


def step_of(parts: Parts) -> Any:
    """Code for a step of a block of any width, as a piece.

    Its arguments: block, state: `ColumnBlock`, `NeuronState`; weight, gain: of the crossbar that the position has;
    events, place: what it sees, and which of their windows; stale: a constant current has to be delivered anew; targets
    (S, slots) float32; moment: learning rate and broadcast of this window, of a rule in integers the step's word, too;
    spike_bits; watched: somebody looks on; t, p, q, s, slot: step from 0, position, where its state stands, window,
    where its spikes and targets stand, all uint64.

    Returns how many membranes met the lower and the upper rail, how many counts were missed, how many increments
    saturated, and how many columns are open in each update of the rule.
    """
    plan = parts.plan
    n_results = UPDATES_FROM + len(plan.rows)

    @intrinsic
    def any_width(
        context,
        block,
        state,
        weight,
        gain,
        events,
        place,
        stale,
        targets,
        moment,
        spike_bits,
        watched,
        t,
        p,
        q,
        s,
        slot,
    ):
        def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            kinds = signature.args
            _, (_, width) = data_and_shape(context, builder, (kinds[2], values[2]))
            results = [Register(builder, index(0)) for _ in range(n_results)]
            for vectors in range(1, WIDEST_BLOCK + 1):
                with builder.if_then(builder.icmp_unsigned("==", width, index(LANES * vectors))):
                    sums = _one_width(context, builder, parts, vectors, list(zip(kinds, values, strict=True)))
                    for result, each in zip(results, sums, strict=True):
                        result.lanes = Lanes(builder, each)
            return packed(builder, [result.lanes.value for result in results])

        i, flag = types.uint64, types.boolean
        arguments = (
            *(block, state, weight, gain, events, i, flag, targets, moment, spike_bits),
            *(flag, i, i, i, i, i),
        )
        return types.UniTuple(types.int64, n_results)(*arguments), generate

    @inlined  # so that no two arrays are taken for one
    def step(block, state, weight, gain, events, place, stale, targets, moment, spike_bits, watched, t, p, q, s, slot):
        return any_width(
            block, state, weight, gain, events, place, stale, targets, moment, spike_bits, watched, t, p, q, s, slot
        )

    return step


def _one_width(context: Any, builder: Any, parts: Parts, vectors: int, arguments: list[tuple[Any, Any]]) -> list[Any]:
    """Code for a block of so many vectors of columns. arguments: of `step_of`, (kind, value) each."""
    plan = parts.plan
    block, state, events = (members(builder, *arguments[k]) for k in (0, 1, 4))
    place, stale, watched, t, p, q, s, slot = (arguments[k][1] for k in (5, 6, 10, 11, 12, 13, 14, 15))
    columns = ColumnsInMemory(
        context, builder, parts.places, parts.kept, block, state, (p, q), index(LANES * vectors), index(0)
    )
    step = Step(
        builder, plan, parts.neuron, columns, vectors, SpikeMasks(context, builder, *arguments[9], s, slot, vectors)
    )
    step.circuit, step.n_columns = members(builder, *block.circuit), block.n_columns[1]
    step.guards_neurons, step.guards_pulses = parts.has_foreign_neuron, parts.has_foreign_rule
    step.crossbar = Crossbar(context, builder, arguments[2], index(0), vectors)
    step.active = _active(context, builder, plan.current, events, place)
    step.is_stale, step.watched = stale, watched
    of_four = builder.add(builder.mul(q, index(4)), builder.urem(t, index(4)))
    step.noise_row = FloatArray(context, builder, *state.noise).row_vectors(of_four, index(0))
    step.dither_row = FloatArray(context, builder, *state.dither).row_vectors(of_four, index(0))
    step.begin(t)
    if plan.learns:
        step.targets = FloatArray(context, builder, *arguments[7]).row_vectors(s, slot)
        prepare_learning(context, builder, parts, step, block, state, arguments[3], arguments[8][1])
    _take(step)
    return [each.value for each in (step.low_hits, step.high_hits, step.missed, step.saturated, *step.n_open)]


def _active(context: Any, builder: Any, current: str, events: Any, place: Any) -> ActiveRows:
    asked: dict[str, Callable[[], Any]] = {"spikes": lambda: False, "constant": lambda: True}
    if current in asked:
        return ActiveRows(context, builder, events, place, asked[current]())
    _, (n_amplitudes, _) = data_and_shape(context, builder, events.amplitude)
    return ActiveRows(context, builder, events, place, builder.icmp_unsigned("!=", n_amplitudes, index(0)))


def prepare_learning(
    context: Any,
    builder: Any,
    parts: Parts,
    step: Step,
    block: Any,
    state: Any,
    gain: tuple[Any, Any],
    moment: Any,
) -> None:
    """What the gate and the writes need."""
    assert parts.rule is not None
    step.rule, step.gain = parts.rule, gain
    rate, broadcast, *words = unpacked(builder, moment)
    every = repeated(builder, rate)
    steps = repeated(builder, builder.uitofp(builder.add(step.t, index(1)), rate.type))
    told = repeated(builder, broadcast) if Brings.BROADCAST in parts.rule.brings else None
    step.moment = Moment(rate=every, per_step=every.broadcast_like(1.0) / steps, broadcast=told)
    if parts.rule.in_integers:
        step.moment = step.moment._replace(step_word=repeated(builder, words[0]))
    step.written_rows = {Rows.SPIKES: step.active}
    traces, every_row = members(builder, *state.eligibility), members(builder, *state.every_row)
    if Rows.TRACES in parts.plan.rows:
        left = members(builder, *traces.rows)
        step.written_rows[Rows.TRACES] = ActiveRows(context, builder, left, index(0), constant_current=True)
    if Rows.ALL in parts.plan.rows:
        step.written_rows[Rows.ALL] = ActiveRows(context, builder, every_row, index(0), constant_current=False)
    coded = members(builder, *block.synapses).coded[1]
    imperfect = members(builder, *step.circuit.update).imperfect[1]
    step.writes_directly = builder.not_(builder.or_(coded, imperfect))
    step.warm_up_is_over = builder.icmp_signed(">=", step.t, step.circuit.warm_up[1])


def _take(step: Step) -> None:
    """The block diagram."""
    DELIVER.emit(step)
    DISTURB.emit(step)
    INTEGRATE.emit(step)
    COUNT_UP.emit(step)
    if step.plan.learns:
        learn(step)
    PROBE.emit(step)


def learn(step: Step) -> None:
    """What a step that learns does once it is known who fires."""
    ADAPT.emit(step)
    GATE.observe(step)
    with step.builder.if_then(_gate_is_reached(step)):
        GATE.emit(step)
        WRITE.emit(step)


def _gate_is_reached(step: Step) -> Any:
    """After the warm-up; before, too, if somebody wants to see what the gate would do."""
    if step.plan.probed is When.NEVER:
        return step.warm_up_is_over
    step.is_learning = Lanes(step.builder, step.warm_up_is_over)
    return step.builder.or_(step.warm_up_is_over, step.watched)


def window_of(parts: Parts, vectors: int) -> Any:
    """Code that takes some vectors of columns, from `column` on, through a window of spikes without leaving registers.

    While weights rest nothing of a neuron needs memory between two steps: a tile of columns takes all of them before
    the next tile starts.
    """

    @intrinsic
    def tile(context, block, state, weight, events, window, spike_bits, s, slot, p, column):
        def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            kinds = signature.args
            block, state, events = (members(builder, kinds[k], values[k]) for k in (0, 1, 3))
            window, s, slot, p, column = (values[k] for k in (4, 6, 7, 8, 9))
            step = _at_rest(
                context, builder, parts, block, state, (kinds[5], values[5]), s, slot, (p, index(0)), column, vectors
            )
            step.crossbar = Crossbar(context, builder, (kinds[2], values[2]), column, vectors)
            step.active = ActiveRows(context, builder, events, window, constant_current=False)
            with steps_loop(builder, _steps_of(step)) as loop:
                step.begin(loop.index)
                DELIVER.emit(step)
                INTEGRATE.emit(step)
                COUNT_UP.emit(step)
            _settle(step)
            return packed(builder, [each.value for each in (step.low_hits, step.high_hits)])

        i = types.uint64
        arguments = (block, state, weight, events, i, spike_bits, i, i, i, i)
        return types.UniTuple(types.int64, 2)(*arguments), generate

    return tile


def windows_of_constant_current(parts: Parts, vectors: int) -> Any:
    """As `window_of`, for two positions at once whose currents, in `drive` (2, n), are the same at every step."""

    @intrinsic
    def tile(context, block, state, drive, spike_bits, s, slots, positions, column):
        def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            kinds = signature.args
            block, state = (members(builder, kinds[k], values[k]) for k in (0, 1))
            s, column = values[4], values[7]
            drives = FloatArray(context, builder, kinds[2], values[2])
            both = []
            for q, (slot, p) in enumerate(zip(unpacked(builder, values[5]), unpacked(builder, values[6]), strict=True)):
                step = _at_rest(
                    context,
                    builder,
                    parts,
                    block,
                    state,
                    (kinds[3], values[3]),
                    s,
                    slot,
                    (p, index(q)),
                    column,
                    vectors,
                )
                row = drives.row_vectors(index(q), column)
                both.append((step, [Lanes(builder, row.load(v)) for v in range(vectors)]))
            with steps_loop(builder, _steps_of(both[0][0])) as loop:
                for step, currents in both:
                    step.begin(loop.index)
                    step.currents = currents
                    INTEGRATE.emit(step)
                    COUNT_UP.emit(step)
            for step, _ in both:
                _settle(step)
            return packed(builder, [each.value for step, _ in both for each in (step.low_hits, step.high_hits)])

        i = types.uint64
        arguments = (block, state, drive, spike_bits, i, slots, positions, i)
        return types.UniTuple(types.int64, 4)(*arguments), generate

    return tile


def _at_rest(
    context: Any,
    builder: Any,
    parts: Parts,
    block: Any,
    state: Any,
    spike_bits: tuple[Any, Any],
    s: Any,
    slot: Any,
    position: tuple[Any, Any],
    column: Any,
    vectors: int,
) -> Step:
    """Columns whose window begins."""
    _, (*_, width) = data_and_shape(context, builder, block.tables)
    memory = ColumnsInMemory(context, builder, parts.places, parts.kept, block, state, position, width, column)
    tables = (*parts.neuron_tables, *parts.places.numbers)
    columns = ColumnsInRegisters(builder, memory, tables, vectors)
    masks = SpikeMasks(context, builder, *spike_bits, s, builder.add(slot, column), vectors)
    step = Step(builder, parts.plan, parts.neuron, columns, vectors, masks)
    step.circuit = members(builder, *block.circuit)
    step.hold_spikes()
    return step


def _settle(step: Step) -> None:
    COUNT_UP.settle(step)
    assert isinstance(step.columns, ColumnsInRegisters)
    step.columns.leave()


def _steps_of(step: Step) -> Any:
    """Of a window."""
    assert step.masks is not None
    return step.masks.steps
