"""A step of neurons that learn, from the rows that are active to the pulses of open columns, in vector registers.

For layers in which only open columns are written (see `chipsim.kernel.write_open_columns`), with membrane noise and
missed counts or without: what `deliver`, `fire_and_count` and `gate` of `chipsim.kernel.dense` do, to the same bits.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types
from numba.extending import intrinsic

from chipsim.kernel.gate import gates
from chipsim.kernel.learn_in_registers import WIDEST_BLOCK, Rate
from chipsim.kernel.neuron_lanes import ActiveRows, Crossbar, FiredMasks, StepState, circuits, fire
from chipsim.layout import ColumnBlock
from chipsim.simd import LANES, FloatArray, Lanes, Sequence, Sum, index, inlined, load, members, packed
from learning_circuit import accumulated, counted_with_misses, gated_pulse


def writes_open_columns(block: ColumnBlock) -> bool:
    """Whether only open columns are visited by a write, in the rows that spiked in its step."""
    return bool(block.synapses.coded or block.circuit.update.imperfect) and not block.circuit.traced


def _block(vectors: int) -> Any:
    """Code that takes a block of so many vectors of columns through a step, but for its writes."""

    @intrinsic
    def step(context, neuron_state, weight, events, window, t, neurons, circuit, target, rate, spike_bits, s, first):
        def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            kinds = signature.args
            neuron_state, events, neurons, circuit = (members(builder, kinds[k], values[k]) for k in (0, 2, 5, 6))
            window, t, s, first = (values[k] for k in (3, 4, 10, 11))
            miss_state = members(builder, *neuron_state.miss_state)
            membranes, counts, target_counts, pulses, before_miss = (
                Sequence(context, builder, *array)
                for array in (
                    neuron_state.membrane,
                    neuron_state.count,
                    neuron_state.target_count,
                    neuron_state.pulse,
                    miss_state.before,
                )
            )
            rate = Rate.at(builder, values[8], t)
            masks = FiredMasks(context, builder, kinds[9], values[9], s, first, vectors)
            crossbar = Crossbar(context, builder, (kinds[1], values[1]), index(0), vectors)
            currents = crossbar.deliver(ActiveRows(context, builder, events, window, constant_current=False), t)
            noises = FloatArray(context, builder, *neuron_state.noise)
            noise = noises.row_vectors(builder.urem(t, index(4)), index(0))  # zeros if there is none
            low_hits, high_hits, missed, n_open = (Sum(builder) for _ in range(4))
            states = []
            for v, current in enumerate(currents):
                place = index(LANES * v)
                tables = circuits(context, builder, neurons, circuit.accumulator_full[1], place)
                before = StepState(membranes.load(place), masks.load_before(v, t), counts.load(place))
                state, low, high = fire(tables, before, current + Lanes(builder, noise.load(v)))
                spikes, left = state.spiked.where(state.membrane.broadcast_like(1.0), 0.0), before_miss.load(place)
                count, left, misses = counted_with_misses(before.counted, spikes, left, tables.full)
                wanted = load(context, builder, (kinds[7], values[7]), place)
                target_count = accumulated(target_counts.load(place), wanted, tables.full)
                masks.store(v, t, state.spiked)
                membranes.store(place, state.membrane)
                counts.store(place, count)
                before_miss.store(place, left)
                target_counts.store(place, target_count)
                low_hits.add(low)
                high_hits.add(high)
                missed.add(misses)
                states.append((place, state.membrane, count, target_count))
            with builder.if_then(builder.icmp_signed(">=", t, circuit.warm_up[1])):
                for place, membrane, count, target_count in states:
                    own = gates(context, builder, circuit, place)
                    pulse = gated_pulse(own, target_count, count, membrane, *rate)
                    pulses.store(place, pulse)
                    n_open.add(pulse.not_equal(0.0))
            return packed(builder, [each.value for each in (n_open, low_hits, high_hits, missed)])

        place = types.uint64
        arguments = (
            neuron_state,
            weight,
            events,
            place,
            place,
            neurons,
            circuit,
            target,
            rate,
            spike_bits,
            place,
            place,
        )
        return types.UniTuple(types.int64, 4)(*arguments), generate

    return step


def _if_as_wide(block: Any, width: int, narrower: Any) -> Any:
    @inlined
    def step(neuron_state, weight, events, window, t, neurons, circuit, target, rate, spike_bits, s, first):
        if len(neuron_state.membrane) == width:
            return block(neuron_state, weight, events, window, t, neurons, circuit, target, rate, spike_bits, s, first)
        return narrower(neuron_state, weight, events, window, t, neurons, circuit, target, rate, spike_bits, s, first)

    return step


def _for_any_width() -> Any:
    def narrower(neuron_state, weight, events, window, t, neurons, circuit, target, rate, spike_bits, s, first):
        return 0, 0, 0, 0

    step: Any = inlined(narrower)
    for vectors in range(1, WIDEST_BLOCK + 1):
        step = _if_as_wide(_block(vectors), vectors * LANES, step)
    return step


_step = _for_any_width()


@inlined
def gate_one_step(neuron_state, here, events, window, t, target, rate, spike_bits, s, first):
    """Step t of neurons, up to their update pulses in columns.pulse, with the noise of four steps in columns.noise.

    neuron_state, here: a block's, see `chipsim.layout.neuron_state` and `chipsim.layout.tables`; events, window:
    spikes, and which of their windows; target: (n,) float32; fired, s, first: masks, window and place at which spikes
    are kept. Returns how many columns are open, how many membranes met the lower and the upper rail, and how many
    spikes were missed by the accumulators.
    """
    window, t, s, first = np.uint64(window), np.uint64(t), np.uint64(s), np.uint64(first)
    weight, neurons, circuit = here.state.weight, here.neurons, here.circuit
    return _step(neuron_state, weight, events, window, t, neurons, circuit, target, rate, spike_bits, s, first)
