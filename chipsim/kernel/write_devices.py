"""Writes into real analog devices: a column at a time, sixteen of the rows that spiked at once.

What a device makes of a pulse: `learning_circuit.update_pulse`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import types
from numba.extending import intrinsic

from chipsim.kernel.step_curves import curved, straight
from chipsim.simd import LANES, Lanes, ListedRows, Sequence, inlined, population, repeated, unpacked
from learning_circuit import held_from_zero, held_within, place_from_zero, place_in_range, with_spread

_Steps = Callable[[Sequence, Lanes], Lanes]  # relative steps at even places, and a device's place: its step


def _steps_of_sixteen(relative_step: _Steps | None, from_zero: bool) -> Any:
    """Code that gathers what the rows listed from `start` on hold, and leaves their steps beside it.

    relative_step: None for a device whose range has no end; from_zero: whether the range begins at 0.
    """
    place_at = place_from_zero if from_zero else place_in_range

    @intrinsic
    def steps(context, weight, devices, listed, steps_up, steps_down, start, column, pulse, turned, full_scale):
        def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            weights, pairs = (Sequence(context, builder, signature.args[k], values[k]) for k in (0, 1))
            room = _listed(context, builder, signature.args[2], values[2])
            up, down = (Sequence(context, builder, signature.args[k], values[k]) for k in (3, 4))
            start, column = values[5:7]
            pulse, turned, full_scale = (repeated(builder, value) for value in values[7:])
            if from_zero:  # rows that carry less than 0 are written the other way
                pulse = (room.amplitude.load(start) > 0).where(pulse, turned)
            w = weights.beginning_at(column).gather(room.places.indices(start))
            gain, pulse_gain = pairs.gather_pairs(room.rows.indices(start))
            step = pulse * pulse_gain * room.amplitude.load(start)
            if relative_step is not None:
                place = place_at(w, gain * full_scale)
                step = step * (step > 0).where(relative_step(up, place), relative_step(down, place))
            room.weight.store(start, w)
            room.gain.store(start, gain)
            room.step.store(start, step)
            return context.get_dummy_value()

        arrays = (weight, devices, listed, steps_up, steps_down)
        index, number = types.uint64, types.float32
        return types.void(*arrays, index, index, number, number, number), generate

    return steps


def _write_of_sixteen(temporal: bool, bounded: bool, from_zero: bool) -> Any:
    """Code that writes those steps. It returns which of them were held back, as bits.

    temporal: whether z is looked at; bounded: whether the range has an end; from_zero: whether it begins at 0.
    """
    held = held_from_zero if from_zero else held_within

    @intrinsic
    def write(context, weight, listed, start, column, full_scale, cycle, noise):
        def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            weights = Sequence(context, builder, signature.args[0], values[0])
            room = _listed(context, builder, signature.args[1], values[1])
            start, column = values[2:4]
            full_scale, cycle, noise = (repeated(builder, value) for value in values[4:])
            w, gain, step = room.weight.load(start), room.gain.load(start), room.step.load(start)
            if temporal:
                step = with_spread(step, cycle, noise, room.normal.load(start))
            wanted = w + gain * step
            inside = wanted
            if bounded:
                inside = held(wanted, gain * full_scale)
            moves = gain.not_equal(0)  # else stuck
            weights.beginning_at(column).scatter(room.places, start, moves.where(inside, w))
            return (moves & inside.not_equal(wanted)).bits()

        index, number = types.uint64, types.float32
        return types.uint16(weight, listed, index, index, number, number, number), generate

    return write


def _listed(context: Any, builder: Any, kind: Any, value: Any) -> ListedRows:
    """`ListedRows` of sequences."""
    arrays = unpacked(builder, value)
    return ListedRows(*(Sequence(context, builder, *pair) for pair in zip(kind.types, arrays, strict=True)))


def _steps_of_rows(relative_step: _Steps | None, from_zero: bool = False) -> Any:
    steps = _steps_of_sixteen(relative_step, from_zero)

    @inlined
    def steps_of_rows(weight, column, listed, n, devices, pulse, turned, full_scale, tables):
        for start in range(np.uint64(0), np.uint64(n), np.uint64(LANES)):
            steps(weight, devices, listed, tables.step_up, tables.step_down, start, column, pulse, turned, full_scale)

    return steps_of_rows


def _writes_of_rows(temporal: bool, bounded: bool, from_zero: bool = False) -> Any:
    write = _write_of_sixteen(temporal, bounded, from_zero)

    @inlined
    def write_rows(weight, column, listed, n, full_scale, tables):
        cycle, noise = tables.cycle[column], tables.noise[column] * full_scale
        end, lanes, held = np.uint64(n), np.uint64(LANES), np.int64(0)
        for start in range(np.uint64(0), end, lanes):
            mask = write(weight, listed, start, column, full_scale, cycle, noise)
            here = (np.uint32(1) << min(end - start, lanes)) - np.uint32(1)  # not those that fill up the last vector
            held += np.int64(population(np.uint16(mask & here)))
        return held

    return write_rows


_endless_steps, _straight_steps, _curved_steps = (_steps_of_rows(each) for each in (None, straight, curved))
_unipolar_steps = _steps_of_rows(curved, from_zero=True)
_write_endless, _write_endless_noisy = (_writes_of_rows(temporal, bounded=False) for temporal in (False, True))
_write_bounded, _write_bounded_noisy = (_writes_of_rows(temporal, bounded=True) for temporal in (False, True))
_write_unipolar, _write_unipolar_noisy = (
    _writes_of_rows(temporal, bounded=True, from_zero=True) for temporal in (False, True)
)


# Twice through the rows each time, as a processor that looks ahead sees only half of both at once.
@inlined
def write_device_column(weight, column, listed, n, devices, pulse, full_scale, tables):
    """Write the first n listed rows of a column. Returns how many writes were held back at the end of the range.

    weight: (n_in + 1, n_out) float32, what the crossbar delivers; listed: `ListedRows`, with N(0, 1) if pulses are
    temporal, also for what fills up the last vector; devices: (n_in + 1, 2) float32, frozen gain and pulse gain of
    each of the column's synapses, the gain 0 if it is stuck; pulse: of the column, `up` or `down` included, in
    thresholds; full_scale: largest magnitude of a stored weight, in thresholds; tables: `PulseTables`.
    """
    place = np.uint64(column)
    if not tables.bounded:
        _endless_steps(weight, place, listed, n, devices, pulse, pulse, full_scale, tables)
        if tables.temporal:
            return _write_endless_noisy(weight, place, listed, n, full_scale, tables)
        return _write_endless(weight, place, listed, n, full_scale, tables)
    if len(tables.step_up) == 2 and len(tables.step_down) == 2:
        _straight_steps(weight, place, listed, n, devices, pulse, pulse, full_scale, tables)
    else:
        _curved_steps(weight, place, listed, n, devices, pulse, pulse, full_scale, tables)
    if tables.temporal:
        return _write_bounded_noisy(weight, place, listed, n, full_scale, tables)
    return _write_bounded(weight, place, listed, n, full_scale, tables)


@inlined
def write_unipolar_column(weight, column, listed, n, devices, pulse, turned, full_scale, tables):
    """As `write_device_column`, of devices that hold from 0 to full_scale; turned: the pulse in rows below 0."""
    place = np.uint64(column)
    _unipolar_steps(weight, place, listed, n, devices, pulse, turned, full_scale, tables)
    if tables.temporal:
        return _write_unipolar_noisy(weight, place, listed, n, full_scale, tables)
    return _write_unipolar(weight, place, listed, n, full_scale, tables)
