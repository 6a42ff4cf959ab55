"""A chunk's input events as they travel: per window the set of active rows, then what each of them does.

Spikes of an active row are a word of T bits, or, where rows spike rarely, the numbers of their steps; whichever is
shorter. Amplitudes of a constant current are words times a unit where that loses nothing, else float32.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chipsim.tables import Events, row_type
from chipsim.wire.cursor import bytes_view
from chipsim.wire.errors import ErrorCode, WireError
from chipsim.wire.event_kernels import (
    FITS,
    GROUP,
    PLANE,
    amplitudes_fit,
    pack_currents,
    pack_spikes,
    unpack_currents,
    unpack_spikes,
)
from chipsim.wire.limits import Limits
from chipsim.wire.words import SLACK
from learning_circuit.rows import LANES

# Where amplitudes usually come from: (bits of a word, words per unit of current).
_UNITS = ((4, 16), (8, 255), (8, 256), (16, 65535))
EXACT_BITS = 32  # amplitudes as float32


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
        """What `unpack_events` allocates at most."""
        per_row = int(np.dtype(row_type(self.n_rows)).itemsize) + 4 * self.graded
        return self.n_windows * ((self.capacity + LANES) * per_row + 8 * self.n_steps)


def pack_events(events: Events, n_rows: int) -> PackedEvents:
    """Events of a layer of n_rows rows. Raises WireError if they are not as `Events` says."""
    n_windows, n_steps = events.begin.shape
    graded = len(events.amplitude) > 0
    begin, end = (np.ascontiguousarray(array, np.int32) for array in (events.begin, events.end))
    rows = np.ascontiguousarray(events.rows)
    per_window = (end - begin).sum(axis=1, dtype=np.int64) if not graded else (end[:, 0] - begin[:, 0]).astype(np.int64)
    if (
        n_windows == 0
        or n_steps == 0
        or (begin < 0).any()
        or (end < begin).any()
        or (end > rows.shape[1]).any()
        or (graded and ((begin != begin[:, :1]).any() or (end != end[:, :1]).any()))
    ):
        raise _unfit(n_rows)
    capacity = int(per_window.max())
    ends = np.zeros(-(-n_windows // GROUP), np.uint32)
    planes = 2 * -(-n_steps // PLANE)
    per_row = 4 if graded else planes
    room = int((np.minimum(per_window, n_rows) * per_row).sum()) + n_windows * (n_rows // 8 + 8) + SLACK
    data = np.empty(room, np.uint8)
    words = np.empty(n_rows, np.uint16)
    bits, unit = 0, 0.0
    if graded:
        amplitude = np.ascontiguousarray(events.amplitude, np.float32)
        bits, unit = _amplitude_form(begin, end, amplitude)
        used = pack_currents(
            rows, begin, end, amplitude, amplitude.view(np.uint32), n_rows, bits, np.float32(unit), words, data, ends
        )
    else:
        used = pack_spikes(
            rows, begin, end, n_rows,
            np.empty(n_rows + 1, rows.dtype), np.zeros((planes // 2, n_rows), np.uint16), words,
            np.empty(n_rows, np.int32), np.empty(capacity, np.uint16), data, ends,
        )  # fmt: skip
    if used < 0:
        raise _unfit(n_rows)
    data[used : used + SLACK] = 0
    return PackedEvents(
        n_windows, n_steps, n_rows, graded, bits, unit, capacity, ends, bytes_view(data[: used + SLACK])
    )


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
    """Fill windows of groups start .. stop - 1, of GROUP windows each. Raises WireError if they break the rules."""
    data = np.frombuffer(packed.data, np.uint8)
    ends = packed.ends
    members = np.empty(packed.n_rows + LANES, row_type(packed.n_rows))
    if packed.graded:
        words = np.empty(packed.n_rows, np.uint16)
        unit = np.float32(packed.amplitude_unit)
        wrong = unpack_currents(
            data, ends, start, stop, packed.n_rows, packed.amplitude_bits, unit, packed.capacity, members, words,
            *events, events.amplitude.view(np.uint32),
        )  # fmt: skip
    else:
        planes = -(-packed.n_steps // PLANE)
        words = np.empty((planes, packed.n_rows + LANES), np.uint16)
        found = np.empty((2, packed.capacity + LANES), np.uint16)
        wrong = unpack_spikes(
            data, ends, start, stop, packed.n_rows, packed.capacity, members, words, found, *events[:3]
        )
    if wrong != FITS:
        raise WireError(ErrorCode.MALFORMED, f"SPIKES: window {wrong} of the chunk is not packed as it must be")


def unpack_events(packed: PackedEvents, limits: Limits) -> Events:
    """All events. Raises WireError if they are too many or break the rules."""
    events = new_events(packed, limits)
    unpack_into(packed, events, 0, len(packed.ends))
    return events
