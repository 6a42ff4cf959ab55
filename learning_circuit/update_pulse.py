"""Update unit of a real circuit: pulses of unequal size, up unlike down, never twice the same, into real devices.

Only columns whose pulse is not zero are touched: they are gathered into a list first, and every row that spiked visits
that list alone. Ideal analog synapses take `update_unit` instead and pay for nothing of this.

A pulse that the gate asks for becomes, in this order: times `up` or `down` of its column, times `gain` of its synapse,
times 1 + cycle sigma z. Few-bit weights collect that in their update accumulators. An analog device of limited range
turns it into a step that depends on its place in the range, adds write noise and stops at the end of the range.
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
    step_up: Any  # (k,) float32, relative step at k even places from the low to the high end of the range
    step_down: Any  # (k,) float32
    bounded: Any  # bool scalar: the range is limited and the two tables above count
    key: Any  # (2,) uint64, stream of the writes' random numbers


@stage
def open_columns(columns, opened, pulse, tables):
    """List the columns whose pulse is not zero, ascending: their numbers and their pulses, `up` or `down` included.

    columns: (n,) int32, opened: (n,) float32, both written from the front; pulse: (n,) float32. Returns how many. No
    branch depends on a pulse.
    """
    up, down = tables.up, tables.down
    k = np.int64(0)
    for i in range(len(pulse)):
        columns[k] = np.int32(i)
        opened[k] = pulse[i] * (up[i] if pulse[i] > _ZERO else down[i])
        k += np.int64(pulse[i] != _ZERO)
    return k


@stage
def row_pulses(pulses, opened, columns, row, tables, cycle_noise):
    """Pulses that reach the synapses of one row: pulses, opened, columns, cycle_noise (n_open,), the first written.

    cycle_noise: N(0, 1), not looked at unless pulses are temporal.
    """
    gains = tables.gain[row if len(tables.gain) > 1 else 0]
    for k in range(len(columns)):
        pulses[k] = opened[k] * gains[columns[k]]
    if tables.temporal:
        for k in range(len(columns)):
            pulses[k] *= _ONE + tables.cycle[columns[k]] * cycle_noise[k]


@stage
def relative_step(steps, place):
    """The step at `place` (0 low end, 1 high end of the range), by linear interpolation in `steps` (k,), k >= 2."""
    above = place if place > _ZERO else _ZERO  # not a number: the low end
    x = (above if above < _ONE else _ONE) * np.float32(len(steps) - 1)
    i = min(np.int64(x), np.int64(len(steps) - 2))
    return steps[i] + (steps[i + 1] - steps[i]) * (x - np.float32(i))


@stage
def write_device_row(weight, gain, row, columns, pulses, amplitude, full_scale, tables, write_noise):
    """w_ij += gain_ij (pulse_i x_j s(w_ij) + noise), held within +-gain_ij full_scale.

    weight, gain, row: as in `update_unit`; columns, pulses, write_noise (N(0, 1)): (n_open,); full_scale: largest
    magnitude of a stored weight, in thresholds; s: `relative_step` of the direction. Returns how many were held back.
    """
    synapses = weight[row]
    gains = gain[row if len(gain) > 1 else 0]
    held = np.int64(0)
    for k in range(len(columns)):
        c = columns[k]
        if gains[c] == _ZERO:  # stuck
            continue
        limit = gains[c] * full_scale
        step = pulses[k] * amplitude
        if tables.bounded:
            place = _HALF + _HALF * (synapses[c] / limit) if limit > _ZERO else _HALF
            step *= relative_step(tables.step_up if step > _ZERO else tables.step_down, place)
        if tables.temporal:
            step += tables.noise[c] * full_scale * write_noise[k]
        wanted = synapses[c] + gains[c] * step
        if tables.bounded:
            inside = limit if wanted > limit else (-limit if wanted < -limit else wanted)
            held += np.int64(inside != wanted)
            wanted = inside
        synapses[c] = wanted
    return held
