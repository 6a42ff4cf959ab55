"""Writes into real analog devices: a column at a time, sixteen of the rows that spiked at once.

What a device makes of a pulse p that reaches it at input amplitude x, w being what the crossbar delivers:

    step   = p x s(w)           s: relative step of the pulse's direction at the device's place in its range
    spread = sqrt((cycle step)^2 + noise^2)
    w     += gain (step + spread z), held within +- gain full_scale;       z ~ N(0, 1)

One z serves both cycle-to-cycle variation, which is relative to the step, and write noise, which is not: they are
independent and Gaussian, so their sum is Gaussian and has that spread.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numba.core import types
from numba.extending import intrinsic

from learning_circuit.jit import stage
from learning_circuit.lanes import Lanes, Sequence, repeated
from learning_circuit.masks import population
from learning_circuit.rows import LANES

_Steps = Callable[[Sequence, Lanes], Lanes]  # relative steps at even places, and a device's place: its step


def _place_in_range(weight: Lanes, limit: Lanes) -> Lanes:
    """0 at the low end, 1 at the high end; the middle of a range that is nothing, the low end for not a number."""
    middle = weight.like(0.5)
    place = (limit > 0).where(weight / limit * 0.5 + 0.5, middle)
    place = (place > 0).where(place, 0)
    return (place < 1).where(place, 1)


def _straight(steps: Sequence, place: Lanes) -> Lanes:
    """A straight line between the only two entries."""
    low, high = steps.everywhere(0), steps.everywhere(1)
    return low + (high - low) * place


def _curved(steps: Sequence, place: Lanes) -> Lanes:
    """Straight lines between the nearest of any number of entries."""
    last = steps.last()
    x = place * last.astype(np.float32)
    i = (x < last.astype(np.float32)).where(x.astype(np.uint32), last - 1)
    low, high = steps.gather(i.indices()), steps.gather((i + 1).indices())
    return low + (high - low) * (x - i.astype(np.float32))


def _sixteen_rows(temporal: bool, relative_step: _Steps | None) -> Any:
    """Code that writes a column's rows listed from `start` on. It returns which of them were held back, as bits.

    temporal: whether z is looked at; relative_step: None for a device whose range has no end.
    """

    @intrinsic
    def write(
        context, weight, places, gains, gain_rows, pulse_gains, pulse_rows, amplitude, normal,
        steps_up, steps_down, start, column, pulse, full_scale, cycle, noise,
    ):  # fmt: skip
        def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            pairs = zip(signature.args[:10], values[:10], strict=True)
            (
                weights, listed_places, all_gains, listed_gains, all_pulse_gains, listed_pulse_gains, amplitudes,
                normals, up, down,
            ) = (Sequence(context, builder, *pair) for pair in pairs)  # fmt: skip
            start, column = values[10:12]
            pulse, full_scale, cycle, noise = (repeated(builder, value) for value in values[12:])
            synapses = weights.beginning_at(column)
            here = listed_places.indices(start)
            w = synapses.gather(here)
            gain = all_gains.gather(listed_gains.indices(start))
            pulse_gain = all_pulse_gains.gather(listed_pulse_gains.indices(start))
            step = pulse * pulse_gain * amplitudes.sixteen(start)
            limit = gain * full_scale
            if relative_step is not None:
                place = _place_in_range(w, limit)
                step = step * (step > 0).where(relative_step(up, place), relative_step(down, place))
            if temporal:
                cycle_spread = step * cycle
                step = step + (cycle_spread * cycle_spread + noise * noise).sqrt() * normals.sixteen(start)
            wanted = w + gain * step
            inside = wanted
            if relative_step is not None:
                inside = (wanted > limit).where(limit, (wanted < -limit).where(-limit, wanted))
            moves = gain.differs(0)  # else stuck
            synapses.scatter(here, moves.where(inside, w))
            return (moves & inside.differs(wanted)).bits()

        index, number = types.uint64, types.float32
        arrays = (weight, places, gains, gain_rows, pulse_gains, pulse_rows, amplitude, normal, steps_up, steps_down)
        return types.uint16(*arrays, index, index, number, number, number, number), generate

    return write


def _all_rows(temporal: bool, relative_step: _Steps | None) -> Any:
    write = _sixteen_rows(temporal, relative_step)

    @stage
    def write_rows(weight, column, listed, n, gains, pulse, full_scale, tables, normal):
        pulse_gains = tables.gain[column]
        gain_rows = listed.rows if len(gains) > 1 else listed.first
        pulse_rows = listed.rows if len(pulse_gains) > 1 else listed.first
        cycle, noise = tables.cycle[column], tables.noise[column] * full_scale
        held = np.int64(0)
        for start in range(np.uint64(0), np.uint64(n), np.uint64(LANES)):
            mask = write(
                weight, listed.places, gains, gain_rows, pulse_gains, pulse_rows, listed.amplitude, normal,
                tables.step_up, tables.step_down, start, np.uint64(column), pulse, full_scale, cycle, noise,
            )  # fmt: skip
            listed_here = min(np.uint64(n) - start, np.uint64(LANES))
            held += np.int64(population(np.uint16(mask & ((np.uint32(1) << listed_here) - np.uint32(1)))))
        return held

    return write_rows


_ENDLESS, _ENDLESS_NOISY = _all_rows(False, None), _all_rows(True, None)
_STRAIGHT, _STRAIGHT_NOISY = _all_rows(False, _straight), _all_rows(True, _straight)
_CURVED, _CURVED_NOISY = _all_rows(False, _curved), _all_rows(True, _curved)


@stage
def write_device_column(weight, column, listed, n, gains, pulse, full_scale, tables, normal):
    """Write the first n listed rows of a column. Returns how many writes were held back at the end of the range.

    weight: (n_in + 1, n_out) float32, what the crossbar delivers; listed: `ListedRows`; gains: (1,) or (n_in + 1,), the
    column's frozen gains, 0 where a synapse is stuck; pulse: of the column, `up` or `down` included, in thresholds;
    full_scale: largest magnitude of a stored weight, in thresholds; tables: `PulseTables`; normal: N(0, 1) beside the
    listed rows, those that fill up the last vector included; not looked at unless pulses are temporal.
    """
    if tables.bounded and len(tables.step_up) == 2 and len(tables.step_down) == 2:
        if tables.temporal:
            return _STRAIGHT_NOISY(weight, column, listed, n, gains, pulse, full_scale, tables, normal)
        return _STRAIGHT(weight, column, listed, n, gains, pulse, full_scale, tables, normal)
    if tables.bounded:
        if tables.temporal:
            return _CURVED_NOISY(weight, column, listed, n, gains, pulse, full_scale, tables, normal)
        return _CURVED(weight, column, listed, n, gains, pulse, full_scale, tables, normal)
    if tables.temporal:
        return _ENDLESS_NOISY(weight, column, listed, n, gains, pulse, full_scale, tables, normal)
    return _ENDLESS(weight, column, listed, n, gains, pulse, full_scale, tables, normal)
