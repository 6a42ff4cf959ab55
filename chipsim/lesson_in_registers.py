"""A step of neurons that learn, from the rows that spike to the pulses of open columns, within the vector registers.

Positions that share a crossbar take each step in turn, so what a position keeps until the next step has to leave the
registers. Nothing else does: this is what `deliver`, `fire_and_count` and the gates of `teach` in `chipsim.cycle` do,
to the same bits.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba.core import cgutils, types
from numba.extending import intrinsic

from chipsim.jit import inlined_stage, stage
from chipsim.vector_neurons import (
    Crossbar,
    FiredMasks,
    Numbers,
    State,
    Sum,
    accumulate,
    circuits,
    fire,
    index,
    members,
    sixteen,
)
from learning_circuit.lanes import Lanes, Sequence, repeated
from learning_circuit.rows import LANES


@inlined_stage
def writes_directly(synapses, circuit):
    """Whether open columns write straight into ideal analog synapses: `learn_one_step` leaves them their pulses."""
    return not (circuit.traced or synapses.coded or circuit.update.imperfect)


def _gated_error(difference: Lanes, per_step: Lanes, slope: Lanes, pulse: Lanes, dead_zone: Lanes) -> Lanes:
    """As `learning_circuit.error_gate.error_gate`."""
    one = difference.like(1.0)
    sign = (difference > 0.0).where(one, 0.0) - (difference < 0.0).where(one, 0.0)
    gated = slope * (difference * per_step) + pulse * sign
    return (abs(difference) > dead_zone).where(gated, 0.0)


def _block(vectors: int, steady: bool) -> Any:
    """Code that takes a block of so many vectors of columns through a step.

    steady: currents are not delivered but found in `drive`.
    """

    @intrinsic
    def step(context, columns, weight, events, window, t, neurons, circuit, target, rate, per_step, fired, s, first):
        def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            kinds = signature.args
            columns, events, neurons, circuit = (members(builder, kinds[k], values[k]) for k in (0, 2, 5, 6))
            window, t, s, first = (values[k] for k in (3, 4, 11, 12))
            membranes, counts, target_counts, pulses = (
                Sequence(context, builder, *getattr(columns, name))
                for name in ("membrane", "count", "target_count", "pulse")
            )
            targets = Sequence(context, builder, kinds[7], values[7])
            rate, per_step = (repeated(builder, values[k]) for k in (8, 9))
            gate = [repeated(builder, scalar) for _, scalar in (circuit.slope, circuit.pulse, circuit.dead_zone)]
            masks = FiredMasks(context, builder, kinds[10], values[10], s, first, vectors)
            places = [index(LANES * v) for v in range(vectors)]
            if steady:
                currents = [sixteen(context, builder, columns.drive, place) for place in places]
            else:
                crossbar = Crossbar(context, builder, kinds[1], values[1])
                currents = crossbar.deliver(Numbers(context, builder, events, window), t, index(0), vectors)
            low_hits, high_hits, n_open = (Sum(builder) for _ in range(3))
            states, wanted = [], []
            for v, place in enumerate(places):
                tables = circuits(context, builder, neurons, circuit.accumulator_full[1], place)
                before = State(membranes.sixteen(place), masks.load_before(v, t), counts.sixteen(place))
                state, low, high = fire(tables, before, currents[v])
                target_count = accumulate(target_counts.sixteen(place), targets.sixteen(place), tables.full)
                masks.store(v, t, state.spiked)
                membranes.store(place, state.membrane)
                counts.store(place, state.count)
                target_counts.store(place, target_count)
                low_hits.add(low)
                high_hits.add(high)
                states.append(state)
                wanted.append(target_count)
            learns = builder.icmp_signed(">=", t, circuit.warm_up[1])
            with builder.if_then(learns):
                for place, state, target_count in zip(places, states, wanted, strict=True):
                    offset, low_edge, high_edge = (
                        sixteen(context, builder, getattr(circuit, name), place)
                        for name in ("comparator_offset", "boxcar_low", "boxcar_high")
                    )
                    error = _gated_error((target_count - state.count) + offset, per_step, *gate)
                    is_open = (state.membrane > low_edge) & (state.membrane < high_edge)
                    pulse = is_open.where(rate * error, 0.0)
                    pulses.store(place, pulse)
                    n_open.add(pulse.differs(0.0))
            return cgutils.pack_array(builder, [each.value for each in (n_open, low_hits, high_hits)])

        place = types.uint64
        arguments = (columns, weight, events, place, types.int64, neurons, circuit, target, rate, per_step, fired)
        return types.UniTuple(types.int64, 3)(*arguments, place, place), generate

    return step


_WITH_SPIKES = [_block(vectors, steady=False) for vectors in range(1, 5)]
_WITH_CURRENT = [_block(vectors, steady=True) for vectors in range(1, 5)]


def _for_any_width(one, two, three, four):  # type: ignore[no-untyped-def]
    @stage
    def step(columns, weight, events, window, t, neurons, circuit, target, rate, fired, s, first):
        """Returns how many columns are open, and how many membranes met the lower and the upper rail."""
        window, s, first = np.uint64(window), np.uint64(s), np.uint64(first)
        per_step = np.float32(1) / np.float32(t + 1)
        vectors = len(columns.membrane) // LANES
        if vectors == 4:
            return four(columns, weight, events, window, t, neurons, circuit, target, rate, per_step, fired, s, first)
        if vectors == 3:
            return three(columns, weight, events, window, t, neurons, circuit, target, rate, per_step, fired, s, first)
        if vectors == 2:
            return two(columns, weight, events, window, t, neurons, circuit, target, rate, per_step, fired, s, first)
        return one(columns, weight, events, window, t, neurons, circuit, target, rate, per_step, fired, s, first)

    return step


learn_one_step = _for_any_width(*_WITH_SPIKES)
learn_one_step_of_constant_current = _for_any_width(*_WITH_CURRENT)
