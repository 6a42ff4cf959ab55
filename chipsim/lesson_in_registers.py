"""A step of neurons that learn, from the rows that are active to the rows that are written, in vector registers.

Positions that share a crossbar take each step in turn, so what a position keeps until the next step has to leave the
registers. Nothing else does: this is what `deliver`, `fire_and_count` and `teach` of `chipsim.cycle` do, to the same
bits.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba.core import cgutils, types
from numba.extending import intrinsic

from chipsim.blocks import COLUMNS_OF_A_BLOCK
from chipsim.gates import gated_pulse, gates
from chipsim.jit import inlined_stage, stage
from chipsim.vector_neurons import (
    ActiveRows,
    Crossbar,
    FiredMasks,
    State,
    Sum,
    circuits,
    fire,
    index,
    members,
)
from learning_circuit.accumulator import accumulated
from learning_circuit.lanes import Lanes, Sequence, repeated
from learning_circuit.rows import LANES, FloatArray

_WIDEST_BLOCK = COLUMNS_OF_A_BLOCK // LANES  # vectors


@inlined_stage
def writes_directly(synapses, circuit):
    """Whether open columns write straight into ideal analog synapses, which is all that `learn_one_step` knows."""
    return not (circuit.traced or synapses.coded or circuit.update.imperfect)


def _block(vectors: int, graded: bool, noisy: bool) -> Any:
    """Code that takes a block of so many vectors of columns through a step.

    graded: its input is a constant current; noisy: columns.noise holds this step's noise, in row t modulo 4.
    """

    @intrinsic
    def step(context, columns, weight, gain, events, window, t, stale, neurons, circuit, target, rate, fired, s, first):
        def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            kinds = signature.args
            columns, events, neurons, circuit = (members(builder, kinds[k], values[k]) for k in (0, 3, 7, 8))
            window, t, stale, s, first = (values[k] for k in (4, 5, 6, 12, 13))
            membranes, counts, target_counts, targets = (
                Sequence(context, builder, *array)
                for array in (columns.membrane, columns.count, columns.target_count, (kinds[9], values[9]))
            )
            rate = repeated(builder, values[10])
            steps_so_far = repeated(builder, builder.uitofp(builder.add(t, index(1)), values[10].type))
            per_step = rate.like(1.0) / steps_so_far
            masks = FiredMasks(context, builder, kinds[11], values[11], s, first, vectors)
            crossbar = Crossbar(context, builder, (kinds[1], values[1]), index(0), vectors)
            active = ActiveRows(context, builder, events, window, graded)
            places = [index(LANES * v) for v in range(vectors)]
            if graded:
                drives = Sequence(context, builder, *columns.drive)
                with builder.if_then(stale):
                    for place, current in zip(places, crossbar.deliver(active, t), strict=True):
                        drives.store(place, current)
                currents = [drives.sixteen(place) for place in places]
            else:
                currents = crossbar.deliver(active, t)
            if noisy:
                noises = FloatArray(context, builder, *columns.noise)
                noise = noises.row_vectors(builder.urem(t, index(4)), index(0))
                currents = [current + Lanes(builder, noise.load(v)) for v, current in enumerate(currents)]
            low_hits, high_hits, n_open = (Sum(builder) for _ in range(3))
            states, wanted = [], []
            for v, place in enumerate(places):
                tables = circuits(context, builder, neurons, circuit.accumulator_full[1], place)
                before = State(membranes.sixteen(place), masks.load_before(v, t), counts.sixteen(place))
                state, low, high = fire(tables, before, currents[v])
                target_count = accumulated(target_counts.sixteen(place), targets.sixteen(place), tables.full)
                masks.store(v, t, state.spiked)
                membranes.store(place, state.membrane)
                counts.store(place, state.counted)
                target_counts.store(place, target_count)
                low_hits.add(low)
                high_hits.add(high)
                states.append(state)
                wanted.append(target_count)
            with builder.if_then(builder.icmp_signed(">=", t, circuit.warm_up[1])):
                pulses = []
                for place, state, target_count in zip(places, states, wanted, strict=True):
                    own = gates(context, builder, circuit, place)
                    pulses.append(gated_pulse(own, target_count, state.counted, state.membrane, rate, per_step))
                    n_open.add(pulses[-1].differs(0.0))
                with builder.if_then(builder.icmp_signed(">", n_open.value, index(0))):
                    crossbar.write((kinds[2], values[2]), pulses, active, t)
            return cgutils.pack_array(builder, [each.value for each in (n_open, low_hits, high_hits)])

        place = types.uint64
        arguments = (columns, weight, gain, events, place, place, types.boolean, neurons, circuit, target, rate, fired)
        return types.UniTuple(types.int64, 3)(*arguments, place, place), generate

    return step


def _for_any_width(graded: bool = False, noisy: bool = False) -> Any:
    def narrower(columns, weight, gain, events, window, t, stale, neurons, circuit, target, rate, fired, s, first):
        return 0, 0, 0

    step: Any = stage(narrower)
    for vectors in range(1, _WIDEST_BLOCK + 1):
        step = _if_as_wide(_block(vectors, graded, noisy), vectors * LANES, step)
    return step


def _if_as_wide(block: Any, width: int, narrower: Any) -> Any:
    @stage
    def step(columns, weight, gain, events, window, t, stale, neurons, circuit, target, rate, fired, s, first):
        if len(columns.membrane) == width:
            return block(
                columns, weight, gain, events, window, t, stale, neurons, circuit, target, rate, fired, s, first
            )
        return narrower(
            columns, weight, gain, events, window, t, stale, neurons, circuit, target, rate, fired, s, first
        )

    return step


_with_spikes, _with_constant_current = _for_any_width(), _for_any_width(graded=True)
_with_spikes_and_noise = _for_any_width(noisy=True)


@stage
def learn_one_step(columns, here, events, window, t, target, rate, fired, s, first):
    """Step t of undisturbed neurons, and the direct writes of those that are open.

    columns, here: a block's, see `chipsim.columns` and `chipsim.tables`; events, window: spikes, and which of their
    windows; target: (n,) float32; fired, s, first: masks, window and place at which spikes are kept.
    Returns how many columns are open, and how many membranes met the lower and the upper rail.
    """
    weight, gain, neurons, circuit = here.state.weight, here.synapses.gain, here.neurons, here.circuit
    window, t, s, first = np.uint64(window), np.uint64(t), np.uint64(s), np.uint64(first)
    return _with_spikes(columns, weight, gain, events, window, t, True, neurons, circuit, target, rate, fired, s, first)


@stage
def learn_one_noisy_step(columns, here, events, window, t, target, rate, fired, s, first):
    """As `learn_one_step`, with the noise of four steps in columns.noise (4, n)."""
    weight, gain, neurons, circuit = here.state.weight, here.synapses.gain, here.neurons, here.circuit
    window, t, s, first = np.uint64(window), np.uint64(t), np.uint64(s), np.uint64(first)
    return _with_spikes_and_noise(
        columns, weight, gain, events, window, t, True, neurons, circuit, target, rate, fired, s, first
    )


@stage
def learn_one_step_of_constant_current(columns, here, events, window, t, stale, target, rate, fired, s, first):
    """As `learn_one_step`; the currents in columns.drive are delivered anew if they are stale."""
    weight, gain, neurons, circuit = here.state.weight, here.synapses.gain, here.neurons, here.circuit
    window, t, s, first = np.uint64(window), np.uint64(t), np.uint64(s), np.uint64(first)
    return _with_constant_current(
        columns, weight, gain, events, window, t, stale, neurons, circuit, target, rate, fired, s, first
    )
