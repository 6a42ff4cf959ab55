"""Update unit of a real circuit: pulses of unequal size, up unlike down, never twice the same, into real devices.

Only columns whose pulse is not zero are touched: they are gathered into a list first, and every row that spiked visits
that list alone. Ideal analog synapses take `update_unit` instead and pay for nothing of this.

A pulse that the gate asks for becomes, in this order: times `up` or `down` of its column, times `gain` of its synapse,
times the input's amplitude; in a device of limited range, times a factor that depends on its place in the range. Then
comes what differs from write to write: cycle-to-cycle variation and write noise are independent Gaussians, so their
sum is one Gaussian, whose variance is the sum of theirs. Few-bit weights collect the outcome in their update
accumulators; a device moves by it and stops at the end of its range.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from learning_circuit.jit import stage

_ZERO = np.float32(0)
_ONE = np.float32(1)
_HALF = np.float32(0.5)


class PulseTables(NamedTuple):
    """What is wrong with a layer's update pulses and with the devices that they write."""

    imperfect: Any  # bool scalar: any of the below departs from ideal
    temporal: Any  # bool scalar: a write draws random numbers
    up: Any  # (n_out,) float32, factor of a pulse that raises the weight
    down: Any  # (n_out,) float32, factor of a pulse that lowers it
    gain: Any  # (1, n_out) or (n_in + 1, n_out) float32, factor of a synapse's pulse
    cycle: Any  # (n_out,) float32, sigma of a write's relative size
    noise: Any  # (n_out,) float32, sigma of what a write adds, in full scales of the weight
    bounded: Any  # bool scalar: the range is limited and `steps` counts
    steps: Any  # (2, k) float32, relative step up and down at k even places from the low to the high end of the range
    key: Any  # (2,) uint64, stream of the writes' random numbers


class OpenColumns(NamedTuple):
    """The columns with a pulse in this step: room for n, of which the first n_open entries count."""

    column: Any  # (n,) int32, ascending
    pulse: Any  # (n,) float32, `up` or `down` included
    cycle: Any  # (n,) float32, sigma of a write's relative size
    noise: Any  # (n,) float32, sigma of what a write adds, in thresholds
    row_pulse: Any  # (n,) float32, what reaches the synapses of the row being written
    row_weight: Any  # (n,) float32, their weights
    row_gain: Any  # (n,) float32, their gains


@stage
def open_columns(found, pulse, tables, full_scale):
    """List the columns whose pulse (n,) is not zero in `found`. Returns how many. No branch depends on a pulse.

    full_scale: largest magnitude of a stored weight, in thresholds.
    """
    numbers, pulses, cycle, noise = found.column, found.pulse, found.cycle, found.noise
    up, down = tables.up, tables.down
    k = np.int64(0)
    for i in range(len(pulse)):
        numbers[k] = np.int32(i)
        pulses[k] = pulse[i] * (up[i] if pulse[i] > _ZERO else down[i])
        k += np.int64(pulse[i] != _ZERO)
    if tables.temporal:
        for j in range(k):
            cycle[j] = tables.cycle[numbers[j]]
            noise[j] = tables.noise[numbers[j]] * full_scale
    return k


@stage
def varied(step, cycle, noise, normal):
    """A step as this write makes it: + sqrt((cycle step)^2 + noise^2) z."""
    spread = cycle * step
    return step + np.sqrt(spread * spread + noise * noise) * normal


@stage
def row_pulses(found, n_open, row, tables, normal):
    """Fill found.row_pulse with the pulses that reach a row's few-bit synapses, at input amplitude 1.

    normal: (n_open,) float32, N(0, 1), not looked at unless writes are temporal.
    """
    gains = tables.gain[row if len(tables.gain) > 1 else 0]
    pulses = found.row_pulse
    for k in range(n_open):
        pulses[k] = found.pulse[k] * gains[found.column[k]]
    if tables.temporal:
        for k in range(n_open):
            pulses[k] = varied(pulses[k], found.cycle[k], _ZERO, normal[k])


@stage
def write_device_row(weight, gain, found, n_open, row, amplitude, full_scale, tables, normal):
    """w_ij += gain_ij times the pulse as this device takes it, held within +-gain_ij full_scale if it is bounded.

    weight, gain: as in `update_unit`; found, full_scale: see `open_columns`; normal: (n_open,) float32, N(0, 1).
    Returns how many were held back. Gathering, arithmetic and scattering are loops of their own: the second vectorises.
    """
    synapses = weight[row]
    gains = gain[row if len(gain) > 1 else 0]
    pulse_gains = tables.gain[row if len(tables.gain) > 1 else 0]
    column, pulse, cycle, noise = found.column, found.pulse, found.cycle, found.noise
    step, now, slope = found.row_pulse, found.row_weight, found.row_gain
    for k in range(n_open):
        c = column[k]
        step[k] = pulse[k] * pulse_gains[c] * amplitude
        now[k] = synapses[c]
        slope[k] = gains[c]
    if tables.bounded:
        _scale_by_place(step, now, slope, n_open, full_scale, tables.steps)
    if tables.temporal:
        for k in range(n_open):
            step[k] = varied(step[k], cycle[k], noise[k], normal[k])
    held = np.int32(0)
    for k in range(n_open):
        wanted = now[k] + slope[k] * step[k]
        limit = slope[k] * full_scale if tables.bounded else abs(wanted)
        inside = limit if wanted > limit else (-limit if wanted < -limit else wanted)
        held += np.int32(inside != wanted)
        now[k] = inside
    for k in range(n_open):
        synapses[column[k]] = now[k]
    return np.int64(held)


@stage
def _scale_by_place(step, now, slope, n_open, full_scale, steps):
    """Multiply each step by the entry of `steps` for its direction and its device's place, linearly interpolated."""
    flat = steps.reshape(steps.size)
    places = np.int32(steps.shape[1])
    last = np.float32(places - np.int32(1))
    for k in range(n_open):
        limit = slope[k] * full_scale
        place = _HALF + _HALF * (now[k] / (limit if limit > _ZERO else _ONE))
        above = place if place > _ZERO else _ZERO  # not a number: the low end
        x = (above if above < _ONE else _ONE) * last
        i = np.int32(x)
        i = i if i < places - np.int32(2) else places - np.int32(2)
        here = np.uint32(i + (np.int32(0) if step[k] > _ZERO else places))
        low, high = flat[here], flat[here + np.uint32(1)]
        step[k] *= low + (high - low) * (x - np.float32(i))
