"""What each position of a layer sees of the image below: rows of its crossbar, from the events of the whole image.

Events come position by position (see `chipsim.design.layers`), so those of neighbouring pixels in a line follow each
other. One line of a kernel is such a stretch, and its events' rows in the crossbar are their numbers plus a constant.
"""

from __future__ import annotations

from itertools import product
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from chipsim.design import AveragePool, LayerShape
from chipsim.layout.column_blocks import padded_width
from chipsim.layout.tables import Events, row_type
from chipsim.simd import AT_ONCE, LANES, aligned, append, append_shifted, inlined, inlined_in_python, store_scalar


class ReceptiveFields(NamedTuple):
    """A layer's positions, P of them, each with n_out columns of which a block holds some."""

    n_positions: Any  # int64 scalar, P
    lines: Any  # (P, kernel height, 3) int32: first pixel and the one after the last, and what makes numbers rows
    n_pixels: Any  # int64 scalar, of the image below
    channels: Any  # int64 scalar, of a pixel
    masks_per_pixel: Any  # int64 scalar, of the layer that sends
    columns: Any  # int64 scalar, neurons of a position
    width: Any  # int64 scalar, the same in whole vectors
    pools: Any  # bool scalar: each column has synapses to its own channel alone


class FieldEvents(NamedTuple):
    """Room for what the positions see: `events` of one position after the other, or of all.

    All are kept while a constant current teaches, since they may share a crossbar and then take turns at every step.
    """

    events: Events  # one "window" for each position that is kept; begin and end as in a window
    pixel_begin: Any  # (T or, of a constant current, 1, n_pixels + 1) int32: see `Pixels`, of events from the host


def kernel_lines(shape: LayerShape) -> NDArray[np.int32]:
    """`ReceptiveFields.lines`. Lines of a kernel beyond the image have no pixels."""
    channels, height, width = shape.input
    (kernel_height, kernel_width), (down, right) = shape.kernel, shape.stride
    top, left, _, _ = shape.padding
    lines = np.zeros((shape.output[1], shape.output[2], kernel_height, 3), np.int32)
    for y, x, ky in product(range(shape.output[1]), range(shape.output[2]), range(kernel_height)):
        line, column = y * down - top + ky, x * right - left
        if 0 <= line < height:
            first = line * width + max(column, 0)
            stop = line * width + min(column + kernel_width, width)
            lines[y, x, ky] = first, stop, (ky * kernel_width - (line * width + column)) * channels
    return lines.reshape(shape.positions, kernel_height, 3)


def fields_of(shape: LayerShape) -> ReceptiveFields:
    """A dense layer is one position that sees everything."""
    return ReceptiveFields(
        n_positions=np.int64(shape.positions),
        lines=kernel_lines(shape),
        n_pixels=np.int64(shape.input[1] * shape.input[2]),
        channels=np.int64(shape.input[0]),
        masks_per_pixel=np.int64(padded_width(shape.input[0]) // LANES),
        columns=np.int64(shape.columns),
        width=np.int64(padded_width(shape.columns)),
        pools=isinstance(shape.layer, AveragePool),
    )


def room_for_fields(shape: LayerShape, steps: int, constant_current: bool, kept: int) -> FieldEvents:
    """kept: positions whose windows are kept at a time, listed one after the other.

    A constant current's events are listed once for a window.
    """
    listed = 1 if constant_current else steps
    spare = AT_ONCE // shape.rows + 1  # lists that nobody has: what is copied at once may reach beyond the last
    pixels = shape.input[1] * shape.input[2]
    return FieldEvents(
        Events(
            rows=aligned((kept + spare, listed * shape.rows), row_type(shape.rows)),
            begin=aligned((kept, steps), np.int32),
            end=aligned((kept, steps), np.int32),
            amplitude=aligned((kept + spare, shape.rows) if constant_current else (0, 0), np.float32),
        ),
        pixel_begin=aligned((1 if constant_current else steps, pixels + 1), np.int32),
    )


class Pixels(NamedTuple):
    """Where the pixels of an image begin among the events of a window."""

    begin: Any  # (T or, of a constant current, 1, entries) int32; entry n_pixels * apart ends the last one
    apart: Any  # uint64 scalar: entries from a pixel to the next


@inlined_in_python
def find_pixels(seen, fields, events, below, s):
    """The pixels of window s of a chunk's events.

    below: where each mask of the layer that sent them begins (see `chipsim.layout.spike_bits`), none if the host did.
    """
    if len(below) > 0:
        return Pixels(below[s], np.uint64(fields.masks_per_pixel))
    rows = events.rows[s]
    for t in range(len(seen.pixel_begin)):
        _find_pixels(seen.pixel_begin[t], rows, events.begin[s, t], events.end[s, t], fields.channels)
    return Pixels(seen.pixel_begin, np.uint64(1))


@inlined
def _find_pixels(pixel_begin, rows, begin, end, channels):
    """No branch depends on an event: each leaves its place behind its pixel's, and pixels without any take theirs."""
    for pixel in range(len(pixel_begin)):
        pixel_begin[pixel] = begin
    per_channel = np.nextafter(1.0 / channels, 1.0)  # rounded up, so that whole quotients stay whole
    for k in range(np.uint64(begin), np.uint64(end)):
        pixel = np.uint64(np.float64(rows[k]) * per_channel)
        store_scalar(pixel_begin, pixel + np.uint64(1), np.int32(k + np.uint64(1)))
    last = begin
    for pixel in range(len(pixel_begin)):
        last = max(last, pixel_begin[pixel])
        pixel_begin[pixel] = last


@inlined_in_python
def list_events(seen, pixels, fields, events, s, t, p, place, first):
    """List what position p sees at step t of window s as seen.events' window `place`, from entry `first` on.

    Returns the entry after the last.
    """
    constant_current = len(events.amplitude) > 0
    listed = seen.events
    step = np.uint64(0 if constant_current else t)
    lines = fields.lines[np.uint64(p)]
    place = np.uint64(place)
    n = np.int64(first)
    for line in range(len(lines)):
        begin = pixels.begin[step, np.uint64(lines[line, 0]) * pixels.apart]
        end = pixels.begin[step, np.uint64(lines[line, 1]) * pixels.apart]
        if constant_current:
            append(listed.amplitude[place], n, events.amplitude[s], begin, end)
        n = append_shifted(listed.rows[place], n, events.rows[s], begin, end, lines[line, 2])
    listed.begin[place, t] = np.int32(first)
    listed.end[place, t] = np.int32(n)
    return n


@inlined_in_python
def list_constant_current(seen, pixels, fields, events, s, p, place):
    """As `list_events`, for all steps at once."""
    n = list_events(seen, pixels, fields, events, s, 0, p, place, 0)
    seen.events.end[np.uint64(place), :] = np.int32(n)


@inlined_in_python
def look_at_window(seen, fields, events, below, s):
    """The pixels of window s, as `find_pixels`; of a constant current, what every position sees is listed, too."""
    pixels = find_pixels(seen, fields, events, below, s)
    if len(events.amplitude) > 0:
        for p in range(fields.n_positions):
            list_constant_current(seen, pixels, fields, events, s, p, p)
    return pixels


@inlined_in_python
def list_window(seen, pixels, fields, events, s, p):
    """List what position p sees at all steps of window s, as the only window of seen.events. Returns how many."""
    n = np.int64(0)
    for t in range(len(pixels.begin)):
        n = list_events(seen, pixels, fields, events, s, t, p, 0, n)
    return n
