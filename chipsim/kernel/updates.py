"""What is left to do of a step's updates once it is taken: writes of codes and devices, and what is counted of all."""

from __future__ import annotations

from typing import Any

import numpy as np

from chipsim.kernel.parts import Parts
from chipsim.kernel.step import UPDATES_FROM
from chipsim.kernel.write_open_columns import code_writer, device_writer, write_increments
from chipsim.layout import CLIPPED, UPDATES, WRITES, WRITTEN, row_of, take_offset
from chipsim.neurons import pulse_field
from chipsim.simd import inlined, inlined_in_python
from learning_circuit import Rows


def writes_of(parts: Parts, number: int = 0) -> Any:
    """What is left to do of update `number` of a step, and of all that follow: returns whether anything was written."""
    plan = parts.plan
    is_last = number == len(plan.rows) - 1
    following = None if is_last else writes_of(parts, number + 1)
    rows_of, place_of, active_in = _ROWS[plan.rows[number]]
    unipolar = parts.rule is not None and parts.rule.unipolar
    in_integers = parts.rule is not None and parts.rule.in_integers
    write_codes = write_increments if in_integers else code_writer(unipolar)
    write_devices, n_biases = device_writer(unipolar), 0 if unipolar else 1
    takes_offset = plan.rows[number] is Rows.OFFSET_TRACES
    asks = plan.write == "any" and not in_integers
    codes, devices = asks or plan.write == "codes" or in_integers, asks or plan.write == "devices"
    pulse_row = row_of(parts.kept, pulse_field(number).name) if plan.write != "direct" else 0
    at = UPDATES_FROM + number

    @inlined
    def write(state, crossbar, events, place, t, q, n, outcome, n_columns, offset, counters):
        n_open = outcome[at]
        if n_open > 0:
            if takes_offset:
                take_offset(state.eligibility, t, offset)
            active = active_in(state, n, t)
            counters[UPDATES] += (active + n_biases) * n_open
            listed, where, pulse = rows_of(state, events), place_of(place), state.state[q, pulse_row]
            n_written = n_columns
            if codes and (not asks or crossbar.synapses.coded):
                written, held = write_codes(state, crossbar, pulse, listed, where, t, q)
                counters[WRITES] += written
                counters[CLIPPED] += held
                n_written = n_open
            elif devices and (not asks or crossbar.update.imperfect):
                _, held = write_devices(state, crossbar, pulse, listed, where, t, q)
                counters[CLIPPED] += held
                n_written = n_open
            counters[WRITTEN] += active * n_written
        return np.int64(n_open > 0)

    if is_last:
        return write

    @inlined
    def write_all(state, crossbar, events, place, t, q, n, outcome, n_columns, offset, counters):
        mine = write(state, crossbar, events, place, t, q, n, outcome, n_columns, offset, counters)
        return mine | following(state, crossbar, events, place, t, q, n, outcome, n_columns, offset, counters)

    return write_all


@inlined_in_python
def _spikes(state, events):
    return events


@inlined_in_python
def _traces(state, events):
    return state.eligibility.rows


@inlined_in_python
def _offset_traces(state, events):
    return state.eligibility.offset


@inlined_in_python
def _every_row(state, events):
    return state.every_row


@inlined_in_python
def _the_same(place):
    return place


@inlined_in_python
def _the_only(place):
    return np.uint64(0)


@inlined_in_python
def _as_seen(state, n, t):
    return n


@inlined_in_python
def _traced_rows(state, n, t):
    return np.int64(state.eligibility.rows.end[0, t])


@inlined_in_python
def _all_rows(state, n, t):
    return np.int64(state.every_row.end[0, t])


# Of each kind of rows: the events that name them, in which of their windows, and how many are active.
_ROWS = {
    Rows.SPIKES: (_spikes, _the_same, _as_seen),
    Rows.TRACES: (_traces, _the_only, _traced_rows),
    Rows.OFFSET_TRACES: (_offset_traces, _the_only, _all_rows),
    Rows.ALL: (_every_row, _the_only, _all_rows),
}
