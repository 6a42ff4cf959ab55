"""What a position sees of what its layer sees: of a dense layer everything, of an image its receptive field.

Each is four pieces: `look` at a window, once for all positions; `see` a step, which returns how many rows are active;
the events that hold it, `seen_by`; and in which of their windows, `place_of`.
"""

from __future__ import annotations

import numpy as np

from chipsim.layout import list_events, look_at_window
from chipsim.simd import inlined_in_python, prefetch_window

_ONLY = np.uint64(0)  # the one list of rows that positions which see spikes fill in turn


@inlined_in_python
def _look_at_everything(seen, fields, events, below, s):
    prefetch_window(events.rows, events.end, np.int64(s) + 1)
    return _ONLY


@inlined_in_python
def _see_everything(seen, pixels, fields, events, s, t, p, place):
    return np.int64(events.end[s, t] - events.begin[s, t])


@inlined_in_python
def _of_the_layer(seen, events):
    return events


@inlined_in_python
def _window_of_the_layer(events, s, p):
    return s


@inlined_in_python
def _see_field(seen, pixels, fields, events, s, t, p, place):
    if len(events.amplitude) == 0:  # else all is listed once for the window
        list_events(seen, pixels, fields, events, s, t, p, place, 0)
    return np.int64(seen.events.end[place, t])


@inlined_in_python
def _of_the_position(seen, events):
    return seen.events


@inlined_in_python
def _window_of_the_position(events, s, p):
    return p if len(events.amplitude) > 0 else _ONLY


DENSE = (_look_at_everything, _see_everything, _of_the_layer, _window_of_the_layer)
IMAGE = (look_at_window, _see_field, _of_the_position, _window_of_the_position)
