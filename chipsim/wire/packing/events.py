"""A chunk's input events as they travel: per window the set of active rows, then what each of them does.

Spikes of an active row are a word of T bits, or, where rows spike rarely, the numbers of their steps; whichever is
shorter. Amplitudes of a constant current are words times a unit where that loses nothing, else float32.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chipsim.layout import Events, row_type
from chipsim.simd import LANES
from chipsim.wire.errors import ErrorCode, WireError
from chipsim.wire.limits import Limits
from chipsim.wire.packing.byte_views import bytes_view
from chipsim.wire.packing.event_kernels import (
    EXACT_BITS,
    FITS,
    GROUP,
    PLANE,
    amplitudes_fit,
    measure_events,
    pack_currents,
    pack_spikes,
    room_for,
    unpack_currents,
    unpack_spikes,
)
from chipsim.wire.packing.words import SLACK

# Where amplitudes usually come from: bits of a word, words per unit of current (images of 16 or 256 grey levels).
_UNITS = ((4, 16), (8, 255), (8, 256), (16, 65535))
_FORM_BYTES = 2  # the first byte of a window, and what its set may take beyond a bitmap's whole bytes


@dataclass(frozen=True, eq=False)
class PackedEvents:
    """Events of S windows as they travel."""

    n_windows: int
    n_steps: int
    n_rows: int
    graded: bool  # a constant current
    amplitude_bits: int  # of a word; EXACT_BITS: float32; 0 for spikes
    amplitude_unit: float  # a float32: word w means (w + 1) amplitude_unit; 0 for spikes and float32
    capacity: int  # most events of a window, or most rows of a current
    ends: NDArray[np.uint32]  # (G,): where each group of GROUP windows ends in data
    data: memoryview  # with SLACK zero bytes at the end

    @property
    def unpacked_bytes(self) -> int:
        """What unpacking allocates at most."""
        row = int(np.dtype(row_type(self.n_rows)).itemsize)
        per_window = (self.capacity + LANES) * (row + 4 * self.graded) + 8 * self.n_steps
        room = self.n_rows * (2 * row + 10 + 2 * self.n_steps // PLANE) + 2 * self.capacity
        return self.n_windows * per_window + room


def pack_events(events: Events, n_rows: int) -> PackedEvents:
    """Events of a layer of n_rows rows. Raises WireError if they are not as `Events` says."""
    begin, end = (np.ascontiguousarray(array, np.int32) for array in (events.begin, events.end))
    rows = np.ascontiguousarray(events.rows)
    if rows.dtype == np.uint16 and row_type(n_rows) is not np.uint16:
        rows = rows.astype(np.int32)
    graded = len(events.amplitude) > 0
    if not _inside(rows, begin, end) or (graded and not (_constant(begin) and _constant(end))):
        raise _unfit(n_rows)
    per_window = _events_of_windows(begin, end, graded)
    capacity = int(per_window.max())
    ends = np.zeros(-(-len(begin) // GROUP), np.uint32)
    n_steps = 1 if graded else begin.shape[1]
    most_bytes = int(np.minimum(per_window, n_rows).sum()) * _most_row_bytes(n_steps, graded)
    most_bytes += len(begin) * (n_rows // 8 + _FORM_BYTES)
    data = np.empty(most_bytes + 2 * SLACK, np.uint8)
    room = room_for(n_rows, n_steps, capacity, rows.dtype)
    bits, unit = 0, 0.0
    if graded:
        amplitude = np.ascontiguousarray(events.amplitude, np.float32)
        bits, unit = _amplitude_form(begin, end, amplitude)
        as_bits = amplitude.view(np.uint32)
        used = pack_currents(rows, begin, end, amplitude, as_bits, n_rows, bits, np.float32(unit), room, data, ends)
    else:
        used = pack_spikes(rows, begin, end, n_rows, room, data, ends)
    if used < 0:
        raise _unfit(n_rows)
    data[used : used + SLACK] = 0
    sent = bytes_view(data[: used + SLACK])
    return PackedEvents(len(begin), begin.shape[1], n_rows, graded, bits, unit, capacity, ends, sent)


def measured_events(events: Events, n_rows: int) -> PackedEvents:
    """As `pack_events`, in as many bytes, but without what is in them. Events must be such as a chip has run."""
    begin, end = (np.ascontiguousarray(array, np.int32) for array in (events.begin, events.end))
    graded = len(events.amplitude) > 0
    bits, unit = _amplitude_form(begin, end, events.amplitude) if graded else (0, 0.0)
    room = room_for(n_rows, 1, 0, events.rows.dtype)
    used = measure_events(events.rows, begin, end, n_rows, bits, room)
    capacity = int(_events_of_windows(begin, end, graded).max())
    ends = np.zeros(-(-len(begin) // GROUP), np.uint32)
    blank = bytes_view(np.empty(used + SLACK, np.uint8))
    return PackedEvents(len(begin), begin.shape[1], n_rows, graded, bits, unit, capacity, ends, blank)


def most_event_bytes(n_rows: int, n_steps: int, n_windows: int = 1) -> tuple[int, int]:
    """Bytes of any presentation, spikes or current, as it travels and once it is unpacked; none has more.

    n_steps: of all its n_windows windows, each of which may have a current of its own.
    """
    n_currents = n_rows * n_windows
    row = int(np.dtype(row_type(n_currents)).itemsize)
    spikes, current = (n_rows * _most_row_bytes(n_steps, False), n_currents * _most_row_bytes(n_steps, True))
    unpacked = max((n_rows * n_steps + LANES) * row, (n_currents + LANES) * (row + 4)) + 8 * n_steps
    return max(spikes, current) + n_currents // 8 + _FORM_BYTES + 1, unpacked


def _most_row_bytes(n_steps: int, graded: bool) -> int:
    """Bytes that what an active row does takes at most."""
    return 4 if graded else 2 * -(-n_steps // PLANE)


def _events_of_windows(begin: NDArray[np.int32], end: NDArray[np.int32], graded: bool) -> NDArray[np.int64]:
    """(S,) events of each window; a current's are the same at every step."""
    steps = slice(1) if graded else slice(None)
    per_window: NDArray[np.int64] = (end[:, steps] - begin[:, steps]).sum(axis=1, dtype=np.int64)
    return per_window


def _inside(rows: NDArray[np.generic], begin: NDArray[np.int32], end: NDArray[np.int32]) -> bool:
    """Whether there are windows, all of them inside the buffer, of a type that the loops take."""
    return (
        rows.dtype in (np.uint16, np.int32)
        and begin.size > 0
        and begin.shape == end.shape
        and len(rows) == len(begin)
        and bool((begin >= 0).all() and (end >= begin).all() and (end <= rows.shape[1]).all())
    )


def _constant(places: NDArray[np.int32]) -> bool:
    return bool((places == places[:, :1]).all())


def _unfit(n_rows: int) -> WireError:
    return WireError(
        ErrorCode.REFUSED,
        f"events must lie inside their buffer and name input rows 0 to {n_rows - 1}, ascending within a step;"
        " a constant current must be finite and the same at every step",
    )


def _amplitude_form(
    begin: NDArray[np.int32], end: NDArray[np.int32], amplitude: NDArray[np.float32]
) -> tuple[int, float]:
    """The shortest words that hold all amplitudes exactly, and their unit."""
    for bits, per_one in _UNITS:
        unit = np.float32(1 / per_one)
        if amplitudes_fit(begin, end, amplitude, bits, unit):
            return bits, float(unit)
    return EXACT_BITS, 0.0


def new_events(packed: PackedEvents, limits: Limits) -> Events:
    """Room for what `unpack_into` fills. Raises WireError if it is more than the limits allow."""
    if packed.unpacked_bytes > limits.event_bytes:
        raise WireError(
            ErrorCode.TOO_LARGE,
            f"events that take {packed.unpacked_bytes} bytes once they are unpacked, at most {limits.event_bytes} are"
            " allowed: send fewer windows at a time",
        )
    shape = packed.n_windows, packed.capacity + LANES
    steps = packed.n_windows, packed.n_steps
    return Events(
        np.empty(shape, row_type(packed.n_rows)),
        np.empty(steps, np.int32),
        np.empty(steps, np.int32),
        np.empty(shape if packed.graded else (0, 0), np.float32),
    )


def unpack_into(packed: PackedEvents, events: Events, start: int, stop: int) -> None:
    """Fill windows of groups start .. stop - 1, of GROUP windows each, of events that `new_events` made.

    Threads may fill groups of their own at the same time. Raises WireError if a window breaks the rules.
    """
    data = np.frombuffer(packed.data, np.uint8)
    n_rows, capacity, ends = packed.n_rows, packed.capacity, packed.ends
    room = room_for(n_rows, 1 if packed.graded else packed.n_steps, capacity, events.rows.dtype)
    if packed.graded:
        unit = np.float32(packed.amplitude_unit)
        as_bits = events.amplitude.view(np.uint32)
        wrong = unpack_currents(
            data, ends, start, stop, n_rows, packed.amplitude_bits, unit, capacity, room, *events, as_bits
        )
    else:
        wrong = unpack_spikes(data, ends, start, stop, n_rows, capacity, room, *events[:3])
    if wrong != FITS:
        raise WireError(ErrorCode.MALFORMED, f"SPIKES: window {wrong} of the chunk is not packed as it must be")


def unpack_events(packed: PackedEvents, limits: Limits) -> Events:
    """All events. Raises WireError if they are too many or break the rules."""
    events = new_events(packed, limits)
    unpack_into(packed, events, 0, len(packed.ends))
    return events
