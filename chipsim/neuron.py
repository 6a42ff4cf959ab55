"""Neurons: integrate, clip at the rails, compare, count (Eqs. 1 and 3 of Yang et al. 2022)."""

from __future__ import annotations

import numpy as np

from chipsim.jit import inlined_stage, stage
from learning_circuit.accumulator import accumulate

_ZERO = np.float32(0)
_ONE = np.float32(1)
# Two counters share a word, since one more array would cost the hot loop more: a window has at most 4096 steps.
_UPPER_SHIFT = np.int32(16)
UPPER_RAIL_HIT = np.int32(1 << 16)


@stage
def integrate(membrane, spiked, current, decay, reset_charge, zero_reset):
    """U[t] = a U[t-1] + I[t] - th S[t-1]; if the reset is to zero, U[t] = a U[t-1] (1 - S[t-1]) + I[t]."""
    return (decay * (membrane * (_ONE - zero_reset * spiked)) + current) - reset_charge * spiked


@stage
def filter_current(current, drive, current_decay):
    """An exponential synaptic current: I[t] = e^(-1 / tau_syn) I[t-1] + drive, all (n,) float32, in place."""
    for i in range(len(current)):
        current[i] = current_decay[i] * current[i] + drive[i]


@stage
def add_noise(current, drive, noise):
    """current_i = drive_i + noise_i, all (n,) float32."""
    for i in range(len(current)):
        current[i] = drive[i] + noise[i]


@stage
def fire(membrane, spiked, count, rail_hits, current, neurons, accumulator_full):
    """One step of the neurons of a block of n columns, in place.

    membrane, spiked, count, current: (n,) float32;
    rail_hits: (n,) int32, gains 1 where a membrane met the lower rail and UPPER_RAIL_HIT at the upper one.
    """
    decay = neurons.decay
    threshold = neurons.threshold
    reset_charge = neurons.reset_charge
    zero_reset, low, high = neurons.zero_reset, neurons.low_rail, neurons.high_rail
    for i in range(len(membrane)):
        u = integrate(membrane[i], spiked[i], current[i], decay[i], reset_charge[i], zero_reset)
        rail_hits[i] += np.int32(u < low) + (np.int32(u > high) << _UPPER_SHIFT)
        u = low if u < low else (high if u > high else u)
        s = _ONE if u >= threshold[i] else _ZERO
        membrane[i] = u
        spiked[i] = s
        count[i] = accumulate(count[i], s, accumulator_full)


@inlined_stage
def integrate_readout(membrane, count, current, neurons):
    """One step of an integrating readout: it leaks but never fires; membrane / threshold stands in for the count."""
    decay = neurons.decay
    threshold = neurons.threshold
    for i in range(len(membrane)):
        u = decay[i] * membrane[i] + current[i]
        membrane[i] = u
        count[i] = u / threshold[i]


@inlined_stage
def integrate_peak(membrane, count, current, neurons):
    """As `integrate_readout`; the highest membrane / threshold so far stands in for the count."""
    decay = neurons.decay
    threshold = neurons.threshold
    for i in range(len(membrane)):
        u = decay[i] * membrane[i] + current[i]
        membrane[i] = u
        score = u / threshold[i]
        count[i] = score if score > count[i] else count[i]
