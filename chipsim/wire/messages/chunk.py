"""The sections of a chunk: window numbers, spikes, targets, learning rates, probes. Layouts as in PROTOCOL.md."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chipsim.wire.errors import ErrorCode, WireError
from chipsim.wire.limits import Limits
from chipsim.wire.messages.cursor import Cursor, packed
from chipsim.wire.messages.session import Parts
from chipsim.wire.packing import (
    EXACT_BITS,
    FEWEST_BITS,
    GROUP,
    MOST_BITS,
    SLACK,
    PackedEvents,
    PackedTargets,
    bytes_view,
)

_CONSECUTIVE, _LISTED = 0, 1
_SPIKES_ALONE = (2**32 - 1,)  # rows of a probe that wants no other signal


@dataclass(frozen=True)
class Watch:
    """What to watch of a layer, as `chipsim.Probe`; of spikes alone as `chipsim.SpikeProbe`."""

    layer: int  # from 1
    neurons: tuple[int, ...]
    rows: tuple[int, ...] = ()
    spikes_alone: bool = False


def windows_to_bytes(windows: NDArray[np.int64]) -> Parts:
    windows = np.ascontiguousarray(windows, np.int64)
    if windows.ndim != 1 or len(windows) == 0:
        raise WireError(
            ErrorCode.REFUSED,
            f"window numbers of shape {windows.shape}: send one per window, and at least one window",
        )
    first = int(windows[0])
    if first + len(windows) < 1 << 63 and np.array_equal(windows, np.arange(first, first + len(windows))):
        return [packed("B3xIq", _CONSECUTIVE, len(windows), first)]
    return [packed("B3xI", _LISTED, len(windows)), bytes_view(windows)]


def read_windows(cursor: Cursor, limits: Limits) -> NDArray[np.int64]:
    kind, n = cursor.read("B3xI")
    if n == 0 or kind not in (_CONSECUTIVE, _LISTED):
        raise cursor.error(f"{n} windows, numbered in way {kind}")
    cursor.at_most(n, limits.windows, "windows of a chunk")
    if kind == _LISTED:
        return cursor.array("<i8", n).astype(np.int64)  # a copy: kernels would be compiled again for a read-only array
    first = cursor.number("q")
    if first + n >= 1 << 63:
        raise cursor.error(f"{n} windows from {first} on have no numbers")
    return np.arange(first, first + n, dtype=np.int64)


def events_to_bytes(events: PackedEvents) -> Parts:
    head = packed(
        "BBHIIfI",
        int(events.graded),
        events.amplitude_bits,
        events.n_steps,
        events.n_rows,
        events.capacity,
        events.amplitude_unit,
        len(events.data),
    )
    return [head, bytes_view(events.ends), events.data]


def read_events(cursor: Cursor, n_windows: int, limits: Limits) -> PackedEvents:
    graded, bits, n_steps, n_rows, capacity, unit, n_bytes = cursor.read("BBHIIfI")
    cursor.at_most(n_steps, limits.steps, "steps of a window")
    cursor.at_most(n_rows, limits.rows, "rows")
    if graded > 1 or n_steps == 0 or n_rows == 0 or capacity > n_rows * (1 if graded else n_steps):
        raise cursor.error(f"at most {capacity} events of {n_rows} rows in {n_steps} steps, of kind {graded}")
    words = graded and 1 <= bits <= MOST_BITS and np.isfinite(unit) and unit > 0
    exact = bits == (EXACT_BITS if graded else 0) and unit == 0
    if not (words or exact):
        raise cursor.error(f"amplitudes in {bits} bits of {unit} each")
    ends = cursor.array("<u4", -(-n_windows // GROUP)).astype(np.uint32, copy=False)
    data = cursor.take(n_bytes)
    if n_bytes < SLACK or ends[-1] != n_bytes - SLACK or (ends[1:] < ends[:-1]).any() or any(data[-SLACK:]):
        raise cursor.error(f"groups of windows that do not end in order at {n_bytes - SLACK}")
    packed_events = PackedEvents(n_windows, n_steps, n_rows, bool(graded), bits, unit, capacity, ends, data)
    cursor.at_most(packed_events.unpacked_bytes, limits.event_bytes, "bytes of events once they are unpacked")
    return packed_events


def targets_to_bytes(targets: PackedTargets) -> Parts:
    n = len(targets.sizes)
    return [packed(f"BxH{n}I", targets.bits, n, *targets.sizes), targets.data]


def read_targets(cursor: Cursor, n_windows: int, limits: Limits) -> PackedTargets:
    bits, n = cursor.read("BxH")
    cursor.at_most(n, limits.layers, "layers")
    if not FEWEST_BITS <= bits <= MOST_BITS:
        raise cursor.error(f"target words of {bits} bits: {FEWEST_BITS} to {MOST_BITS} are allowed")
    sizes = cursor.read(f"{n}I")
    cursor.at_most(max(sizes, default=0), limits.neurons, "neurons of a layer")
    cursor.at_most(4 * n_windows * sum(sizes), limits.target_bytes, "bytes of targets once they are unpacked")
    targets = PackedTargets(bits, n_windows, sizes, memoryview(b""))
    return PackedTargets(bits, n_windows, sizes, cursor.take(sum(targets.bytes_of_layers())))


def rates_to_bytes(rates: NDArray[np.float32], broadcasts: bool) -> Parts:
    rates = np.asarray(rates, np.float32)
    if not np.isfinite(rates).all():
        raise WireError(ErrorCode.REFUSED, "learning rates contain NaN or infinity: every one must be a finite number")
    per_window = rates.reshape(len(rates), -1)
    return [packed("HBx", per_window.shape[1], broadcasts), bytes_view(per_window)]


def read_rates(cursor: Cursor, n_windows: int, limits: Limits) -> tuple[NDArray[np.float32], bool]:
    """(S, values of a window), and whether the last of them is a broadcast."""
    per_window, broadcasts = cursor.read("HBx")
    if broadcasts > 1:
        raise cursor.error(f"{broadcasts} broadcasts of a window: 0 or 1")
    cursor.at_most(per_window, limits.layers + broadcasts, "learning rates of a window")
    if per_window == broadcasts:
        raise cursor.error("no learning rate")
    rates = cursor.array("<f4", n_windows * per_window).astype(np.float32, copy=False)
    if not np.isfinite(rates).all():
        raise cursor.error("a learning rate is not a finite number")
    return rates.reshape(n_windows, per_window), bool(broadcasts)


def probes_to_bytes(probes: tuple[Watch, ...]) -> Parts:
    parts: Parts = [packed("H", len(probes))]
    for probe in probes:
        rows = _SPIKES_ALONE if probe.spikes_alone else probe.rows
        parts.append(packed("HII", probe.layer, len(probe.neurons), len(rows)))
        parts.append(packed(f"{len(probe.neurons) + len(rows)}I", *probe.neurons, *rows))
    return parts


def read_probes(cursor: Cursor, limits: Limits) -> tuple[Watch, ...]:
    probes = []
    total = 0
    for _ in range(cursor.at_most(cursor.number("H"), limits.layers, "probes")):
        layer, n_neurons, n_rows = cursor.read("HII")
        total = cursor.at_most(total + n_neurons + n_rows, limits.probed, "neurons and rows that are probed")
        numbers = tuple(cursor.array("<u4", n_neurons + n_rows).tolist())
        rows = numbers[n_neurons:]
        spikes_alone = rows == _SPIKES_ALONE
        probes.append(Watch(layer, numbers[:n_neurons], () if spikes_alone else rows, spikes_alone))
    return tuple(probes)
