"""Neurons: integrate, clip at the rails, compare, count (Eqs. 1 and 3 of Yang et al. 2022)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types
from numba.extending import intrinsic

from chipsim.kernel.neuron_lanes import StepState, circuits, integrated
from chipsim.kernel.neuron_lanes import fire as fire_lanes
from chipsim.layout import store_mask
from chipsim.simd import LANES, Lanes, inlined, inlined_in_python, members, population, sequences


@intrinsic
def _integrate(context, membrane, spiked, current, decay, reset_charge, zero_reset):
    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        membrane, spiked, current, decay, reset_charge, zero_reset = (Lanes(builder, value) for value in values)
        return integrated(membrane, spiked.not_equal(0), current, decay, reset_charge, zero_reset.not_equal(0)).value

    return types.float32(*[types.float32] * 6), generate


@inlined
def integrate(membrane, spiked, current, decay, reset_charge, zero_reset):
    """The membrane of one neuron after one step, rails left out. spiked, zero_reset: 0 or 1."""
    return _integrate(membrane, spiked, current, decay, reset_charge, zero_reset)


@intrinsic
def _fire_sixteen(context, start, membrane, spiked, count, current, neurons, full):
    """`fire` for sixteen neurons: returns who fired, who met the lower rail and who the upper one, as bits."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        kinds, start = signature.args, values[0]
        membranes, spikes, counts, currents = sequences(context, builder, kinds[1:5], values[1:5])
        tables = circuits(context, builder, members(builder, kinds[5], values[5]), values[6], start)
        before = StepState(membranes.load(start), spikes.load(start).not_equal(0), counts.load(start))
        after, below, above = fire_lanes(tables, before, currents.load(start))
        membranes.store(start, after.membrane)
        spikes.store(start, after.spiked.where(after.membrane.broadcast_like(1.0), 0.0))
        counts.store(start, after.counted)
        bits = [each.bits() for each in (after.spiked, below, above)]
        return context.make_tuple(builder, signature.return_type, bits)

    arrays = (membrane, spiked, count, current)
    return types.UniTuple(types.uint16, 3)(types.uint64, *arrays, neurons, types.float32), generate


@inlined
def filter_current(current, drive, current_decay):
    """An exponential synaptic current: I[t] = e^(-1 / tau_syn) I[t-1] + drive, all (n,) float32, in place."""
    for i in range(len(current)):
        current[i] = current_decay[i] * current[i] + drive[i]


@inlined
def add_noise(current, drive, noise):
    """current_i = drive_i + noise_i, all (n,) float32."""
    for i in range(len(current)):
        current[i] = drive[i] + noise[i]


@inlined
def fire(membrane, spiked, count, current, neurons, accumulator_full, spike_bits, s, t, place):
    """One step of the neurons of a block of n columns, in place. Returns who met the lower rail, and who the upper one.

    membrane, spiked, count, current: (n,) float32, n a multiple of LANES; spike_bits: the layer's masks, which keep the
    spikes of step t of window s from `place` on (see chipsim.layout.spike_bits).
    """
    low = np.int64(0)
    high = np.int64(0)
    for v in range(np.uint64(len(membrane)) // np.uint64(LANES)):
        bits, below, above = _fire_sixteen(
            v * np.uint64(LANES), membrane, spiked, count, current, neurons, accumulator_full
        )
        store_mask(spike_bits, s, t, np.uint64(place) // np.uint64(LANES) + v, bits)
        low += np.int64(population(below))
        high += np.int64(population(above))
    return low, high


@inlined_in_python
def integrate_readout(membrane, count, current, neurons):
    """One step of an integrating readout: it leaks but never fires; membrane / threshold stands in for the count."""
    decay = neurons.decay
    threshold = neurons.threshold
    for i in range(len(membrane)):
        u = decay[i] * membrane[i] + current[i]
        membrane[i] = u
        count[i] = u / threshold[i]


@inlined_in_python
def integrate_peak(membrane, count, current, neurons):
    """As `integrate_readout`; the highest membrane / threshold so far stands in for the count."""
    decay = neurons.decay
    threshold = neurons.threshold
    for i in range(len(membrane)):
        u = decay[i] * membrane[i] + current[i]
        membrane[i] = u
        score = u / threshold[i]
        count[i] = score if score > count[i] else count[i]
