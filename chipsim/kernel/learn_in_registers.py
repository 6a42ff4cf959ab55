"""A step of neurons that learn, from the rows that are active to the rows that are written, in vector registers.

Positions that share a crossbar take each step in turn, so what a position keeps until the next step has to leave the
registers. Nothing else does: this is what `deliver`, `fire_and_count` and `learn_step` of `chipsim.kernel.dense` do, to
the same bits.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numba import types
from numba.extending import intrinsic

from chipsim.kernel.gate import Gates, gates
from chipsim.kernel.neuron_lanes import ActiveRows, Circuits, Crossbar, FiredMasks, StepState, circuits, fire
from chipsim.layout import COLUMNS_OF_A_BLOCK, ColumnBlock
from chipsim.simd import LANES, FloatArray, Lanes, Sequence, Sum, index, inlined, members, packed, repeated
from learning_circuit import accumulated, gated_pulse

WIDEST_BLOCK = COLUMNS_OF_A_BLOCK // LANES  # vectors


def writes_directly(block: ColumnBlock) -> bool:
    """Whether open columns write straight into ideal analog synapses, which is all that `learn_one_step` knows."""
    circuit = block.circuit
    return not (circuit.traced or block.synapses.coded or circuit.update.imperfect)


class Kept:
    """Sixteen values that stay in memory between two steps."""

    def __init__(self, sequence: Sequence, place: Any) -> None:
        self._sequence = sequence
        self._place = place

    @property
    def lanes(self) -> Lanes:
        return self._sequence.load(self._place)

    @lanes.setter
    def lanes(self, lanes: Lanes) -> None:
        self._sequence.store(self._place, lanes)


class Group(NamedTuple):
    """Sixteen neighbouring neurons and their learning circuits."""

    membrane: Kept
    counter: Kept  # of spikes
    target_counter: Kept
    target: Lanes
    circuits: Circuits
    gates: Callable[[], Gates]  # read where they are needed


class Rate(NamedTuple):
    """What a step's pulses are multiplied by: the learning rate, and 1 / (steps so far)."""

    rate: Lanes
    per_step: Lanes

    @classmethod
    def at(cls, builder: Any, rate: Any, t: Any) -> Rate:
        every, steps = repeated(builder, rate), repeated(builder, builder.uitofp(builder.add(t, index(1)), rate.type))
        return cls(every, every.broadcast_like(1.0) / steps)


def take_step(
    builder: Any,
    groups: list[Group],
    spiked: list[Lanes],
    currents: list[Lanes],
    masks: FiredMasks,
    t: Any,
    warm_up: Any,
    rate: Rate,
    write: Callable[[list[Lanes]], None],
) -> Any:
    """Code for step t of neurons that these currents reach; `write` gets the pulses of all columns if any are open.

    Returns how many columns are open, and how many membranes met the lower and the upper rail.
    """
    low_hits, high_hits, n_open = (Sum(builder) for _ in range(3))
    states, wanted = [], []
    for v, (group, current) in enumerate(zip(groups, currents, strict=True)):
        before = StepState(group.membrane.lanes, spiked[v], group.counter.lanes)
        state, low, high = fire(group.circuits, before, current)
        target_count = accumulated(group.target_counter.lanes, group.target, group.circuits.full)
        masks.store(v, t, state.spiked)
        group.membrane.lanes = state.membrane
        group.counter.lanes = state.counted
        group.target_counter.lanes = target_count
        low_hits.add(low)
        high_hits.add(high)
        states.append(state)
        wanted.append(target_count)
    with builder.if_then(builder.icmp_signed(">=", t, warm_up)):
        pulses = []
        for group, state, target_count in zip(groups, states, wanted, strict=True):
            pulses.append(gated_pulse(group.gates(), target_count, state.counted, state.membrane, *rate))
            n_open.add(pulses[-1].not_equal(0.0))
        with builder.if_then(builder.icmp_signed(">", n_open.value, index(0))):
            write(pulses)
    return packed(builder, [each.value for each in (n_open, low_hits, high_hits)])


def _block(vectors: int, noisy: bool) -> Any:
    """Code that takes a block of so many vectors of columns through a step.

    noisy: columns.noise holds this step's noise, in row t modulo 4.
    """

    @intrinsic
    def step(
        context, neuron_state, weight, gain, events, window, t, neurons, circuit, target, rate, spike_bits, s, first
    ):
        def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            kinds = signature.args
            neuron_state, events, neurons, circuit = (members(builder, kinds[k], values[k]) for k in (0, 3, 6, 7))
            window, t, s, first = (values[k] for k in (4, 5, 11, 12))
            membranes, counts, target_counts, targets = (
                Sequence(context, builder, *array)
                for array in (
                    neuron_state.membrane,
                    neuron_state.count,
                    neuron_state.target_count,
                    (kinds[8], values[8]),
                )
            )
            full = circuit.accumulator_full[1]
            groups = [
                Group(
                    Kept(membranes, place),
                    Kept(counts, place),
                    Kept(target_counts, place),
                    targets.load(place),
                    circuits(context, builder, neurons, full, place),
                    partial(gates, context, builder, circuit, place),
                )
                for place in (index(LANES * v) for v in range(vectors))
            ]
            masks = FiredMasks(context, builder, kinds[10], values[10], s, first, vectors)
            crossbar = Crossbar(context, builder, (kinds[1], values[1]), index(0), vectors)
            active = ActiveRows(context, builder, events, window, constant_current=False)
            spiked = [masks.load_before(v, t) for v in range(vectors)]
            currents = crossbar.deliver(active, t)
            if noisy:
                noises = FloatArray(context, builder, *neuron_state.noise)
                noise = noises.row_vectors(builder.urem(t, index(4)), index(0))
                currents = [current + Lanes(builder, noise.load(v)) for v, current in enumerate(currents)]

            def write(pulses: list[Lanes]) -> None:
                crossbar.write((kinds[2], values[2]), pulses, active, t)

            pulse_rate = Rate.at(builder, values[9], t)
            return take_step(builder, groups, spiked, currents, masks, t, circuit.warm_up[1], pulse_rate, write)

        place = types.uint64
        arguments = (
            neuron_state,
            weight,
            gain,
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
        return types.UniTuple(types.int64, 3)(*arguments), generate

    return step


def _for_any_width(noisy: bool) -> Any:
    def narrower(neuron_state, weight, gain, events, window, t, neurons, circuit, target, rate, spike_bits, s, first):
        return 0, 0, 0

    step: Any = inlined(narrower)
    for vectors in range(1, WIDEST_BLOCK + 1):
        step = _if_as_wide(_block(vectors, noisy), vectors * LANES, step)
    return step


def _if_as_wide(block: Any, width: int, narrower: Any) -> Any:
    @inlined
    def step(neuron_state, weight, gain, events, window, t, neurons, circuit, target, rate, spike_bits, s, first):
        if len(neuron_state.membrane) == width:
            return block(
                neuron_state, weight, gain, events, window, t, neurons, circuit, target, rate, spike_bits, s, first
            )
        return narrower(
            neuron_state, weight, gain, events, window, t, neurons, circuit, target, rate, spike_bits, s, first
        )

    return step


_quietly, _with_noise = _for_any_width(noisy=False), _for_any_width(noisy=True)


@inlined
def learn_one_step(neuron_state, here, events, window, t, target, rate, spike_bits, s, first):
    """Step t of undisturbed neurons, and the direct writes of those that are open.

    neuron_state, here: a block's, see `chipsim.layout.neuron_state` and `chipsim.layout.tables`; events, window:
    spikes, and which of their windows; target: (n,) float32; fired, s, first: masks, window and place at which spikes
    are kept. Returns how many columns are open, and how many membranes met the lower and the upper rail.
    """
    weight, gain, neurons, circuit = here.state.weight, here.synapses.gain, here.neurons, here.circuit
    window, t, s, first = np.uint64(window), np.uint64(t), np.uint64(s), np.uint64(first)
    return _quietly(neuron_state, weight, gain, events, window, t, neurons, circuit, target, rate, spike_bits, s, first)


@inlined
def learn_one_noisy_step(neuron_state, here, events, window, t, target, rate, spike_bits, s, first):
    """As `learn_one_step`, with the noise of four steps in columns.noise (4, n)."""
    weight, gain, neurons, circuit = here.state.weight, here.synapses.gain, here.neurons, here.circuit
    window, t, s, first = np.uint64(window), np.uint64(t), np.uint64(s), np.uint64(first)
    return _with_noise(
        neuron_state, weight, gain, events, window, t, neurons, circuit, target, rate, spike_bits, s, first
    )
