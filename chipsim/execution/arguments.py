"""Whether what the host sends can be run: kernels trust their inputs, so these look first."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chipsim.design import AdcSpec, ChipError, ChipSpec, told_broadcast, told_targets
from chipsim.layout import Events, Targets
from chipsim.neurons import neuron_of
from chipsim.simd import inlined, kernel, prefetch_window

FIT, OUTSIDE, DISORDERED = 0, 1, 2  # what `events_fit` finds


# These take bounds, not slices, each of which takes a tenth of a second to compile.
@inlined
def _rows_outside(rows, s, first, stop, n_in):
    outside = np.int32(0)
    for k in range(np.uint64(first), np.uint64(stop)):
        outside += np.int32(np.uint32(rows[s, k]) >= np.uint32(n_in))  # a negative row is a huge one
    return outside


@inlined
def _falls(rows, s, first, stop):
    falls = np.int32(0)
    for k in range(np.uint64(first) + np.uint64(1), np.uint64(stop)):
        falls += np.int32(rows[s, k] <= rows[s, k - np.uint64(1)])
    return falls


@inlined
def _falls_between_steps(rows, begin, end, s):
    """Where a step's first row is not above the last row of the step before: as it may be. Steps follow each other."""
    falls = np.int32(0)
    for t in range(1, begin.shape[1]):
        if end[s, t] > begin[s, t] and begin[s, t] > begin[s, 0]:
            falls += np.int32(rows[s, begin[s, t]] <= rows[s, begin[s, t] - 1])
    return falls


@kernel
def events_fit(rows, begin, end, amplitude, n_in, start, stop):
    """What is wrong with windows start .. stop - 1: the first of OUTSIDE and DISORDERED that one has, or FIT.

    OUTSIDE: events beyond their buffer, rows that are not 0 .. n_in - 1, a constant current that is not finite or not
    the same at every step. DISORDERED: rows of a step that do not ascend, each named once.
    """
    constant_current = len(amplitude) > 0
    disordered = False
    for s in range(start, stop):
        prefetch_window(rows, end, s + 2)  # one is checked sooner than the next one could arrive
        follow = True  # each step's events begin where the last step's end, as encoders write them
        for t in range(begin.shape[1]):
            if begin[s, t] < 0 or end[s, t] < begin[s, t] or end[s, t] > rows.shape[1]:
                return OUTSIDE
            if constant_current and (begin[s, t] != begin[s, 0] or end[s, t] != end[s, 0]):
                return OUTSIDE
            follow = follow and (t == 0 or begin[s, t] == end[s, t - 1])
        at_once = follow or constant_current
        outside, falls = np.int32(0), np.int32(0)
        for t in range(1 if at_once else begin.shape[1]):
            first, last = begin[s, t], end[s, -1 if at_once else t]
            outside += _rows_outside(rows, s, first, last, n_in)
            falls += _falls(rows, s, first, last)
        if falls > 0 and follow and not constant_current:
            falls -= _falls_between_steps(rows, begin, end, s)
        if outside > 0:
            return OUTSIDE
        disordered = disordered or falls > 0
        if constant_current:
            for k in range(begin[s, 0], end[s, 0]):
                if not np.isfinite(amplitude[s, k]):
                    return OUTSIDE
    return DISORDERED if disordered else FIT


def events_problem(n_in: int, found: Collection[int]) -> str | None:
    """What to say of events into n_in rows of which `events_fit` has found this; None if all is well."""
    if OUTSIDE in found:
        return (
            f"events must lie inside their buffer and name input rows 0 to {n_in - 1};"
            " a constant current must be finite and the same at every step"
        )
    if DISORDERED in found:
        return (
            "events must name the rows of a step in ascending order, each at most once: sort them, and leave out what"
            " comes twice"
        )
    return None


def check_events(spec: ChipSpec, events: Events) -> None:
    """Raises ChipError if some events cannot be run. Their shapes have been checked."""
    rows, begin, end, amplitude = (np.ascontiguousarray(array) for array in events)
    n_in = spec.layer_sizes[0]
    problem = events_problem(n_in, (events_fit(rows, begin, end, amplitude, n_in, 0, len(begin)),))
    if problem is not None:
        raise ChipError(problem)


def window_numbers(windows: ArrayLike) -> NDArray[np.int64]:
    """(S,) a copy, since kernels would be compiled again for a read-only array. Raises ChipError if they are none."""
    given = np.asarray(windows)
    if given.ndim != 1 or len(given) == 0:
        raise ChipError(f"window numbers of shape {given.shape}: send one per window, and at least one window")
    if given.dtype.kind not in "iu":
        raise ChipError(f"window numbers of type {given.dtype}: send whole numbers")
    return np.array(given, np.int64)


def check_chunk(spec: ChipSpec, events: Events, windows: NDArray[np.int64]) -> None:
    """Raises ChipError if the shapes of events and window numbers do not fit each other and the spec."""
    shape = (len(windows), spec.steps)
    if events.begin.shape != shape or events.end.shape != shape or len(events.rows) != len(windows):
        raise ChipError(
            f"events of {events.begin.shape} (windows, steps) do not fit: this chunk has {shape[0]} windows of"
            f" {shape[1]} steps"
        )
    if len(events.amplitude) > 0 and events.amplitude.shape != events.rows.shape:
        raise ChipError(f"amplitudes of {events.amplitude.shape} do not fit rows of {events.rows.shape}")
    if len(events.amplitude) > 0 and spec.learning_circuit.arithmetic == "integer":
        raise ChipError(
            "learning_circuit.arithmetic 'integer' takes spikes, no constant current, whose amplitudes would multiply"
            " increments: choose another encoding"
        )
    first = neuron_of(spec.neuron, spec.n_layers == 1 and not spec.neuron.outputs_fire)
    if len(events.amplitude) > 0 and first.competes:
        raise ChipError(f"neuron {first.name!r} takes spikes, no constant current: choose another encoding")


def check_targets(spec: ChipSpec, n_windows: int, targets: Targets) -> None:
    """Raises ChipError if the shapes of targets do not fit the spec and the number of windows."""
    shapes = [None if target is None else target.shape for target in targets]
    told = told_targets(spec)
    expected = [(n_windows, shape.n_out) if brought else None for shape, brought in zip(spec.shapes, told, strict=True)]
    if shapes != expected:
        raise ChipError(f"targets of shapes {shapes} do not fit this chip and chunk: send {expected}")


def rates_per_layer(spec: ChipSpec, n_windows: int, rates: NDArray[np.float32]) -> NDArray[np.float32]:
    """(S, n_layers) learning rates of S windows. Raises ChipError if they are not finite or not as many."""
    rates = np.asarray(rates, np.float32)
    allowed = [(n_windows,), (n_windows, spec.n_layers)]
    if rates.shape not in allowed:
        raise ChipError(
            f"learning rates of shape {rates.shape} do not fit this chunk: send {allowed[0]} or {allowed[1]}"
        )
    if not np.isfinite(rates).all():
        raise ChipError("learning rates contain NaN or infinity: every one must be a finite number")
    return np.broadcast_to(rates.reshape(n_windows, -1), (n_windows, spec.n_layers))


def moments_per_layer(
    spec: ChipSpec, n_windows: int, rates: NDArray[np.float32], broadcast: NDArray[np.float32] | None
) -> NDArray[np.float32]:
    """(n_layers, S, 2), learning rate and broadcast of each window.

    Raises ChipError as `rates_per_layer` and `checked_broadcast`.
    """
    moments = np.zeros((spec.n_layers, n_windows, 2), np.float32)
    moments[:, :, 0] = rates_per_layer(spec, n_windows, rates).T
    told = checked_broadcast(spec, n_windows, broadcast)
    if told is not None:
        moments[:, :, 1] = told
    return moments


def checked_broadcast(
    spec: ChipSpec, n_windows: int, broadcast: NDArray[np.float32] | None
) -> NDArray[np.float32] | None:
    """(S,) float32, or None if the learning rule asks for none. Raises ChipError if it is not what that asks for."""
    rule = spec.learning_circuit.rule
    if not told_broadcast(spec):
        if broadcast is not None:
            raise ChipError(f"learning rule {rule!r} listens to no broadcast: leave it out")
        return None
    if broadcast is None:
        raise ChipError(f"learning rule {rule!r} needs a broadcast, one number per window: give broadcast=")
    told = np.asarray(broadcast, np.float32)
    if told.shape != (n_windows,) or not np.isfinite(told).all():
        raise ChipError(f"a broadcast of shape {told.shape} does not fit: send ({n_windows},) finite numbers")
    return told


def check_adc(spec: ChipSpec, adc: AdcSpec) -> None:
    """Raises ChipError if a chip's membranes cannot be read back through these converters."""
    if not all(shape.dense for shape in spec.shapes):
        raise ChipError("membranes of layers on images cannot be read back: use dense layers, or probes")
    try:
        for integrating in {False, spec.neuron.readout != "spiking"}:
            adc.of(spec.neuron, integrating)
    except ValueError as error:
        raise ChipError(str(error)) from None


def check_seconds(seconds: float) -> None:
    """Raises ChipError if a die cannot rest for so long."""
    if not (np.isfinite(seconds) and seconds >= 0):
        raise ChipError(f"a die cannot rest for {seconds} seconds: give a finite number of at least 0")
