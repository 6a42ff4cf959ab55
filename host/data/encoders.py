"""From values in [0, 1] to what the chip's input rows see in a window of T steps. Compiled: the chip must not wait.

Of a sequence each window is encoded by itself; they are laid one after another.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from chipsim import Events
from chipsim.layout import padded_width, row_type
from chipsim.random import words_of_four_steps
from chipsim.simd import LANES, inlined, kernel, nonzero, store_chosen
from host.data.encoding import Encoding
from host.settings import ENCODERS, ENCODINGS
from nonideality import stream_key

# Of the log-latency code, the time in which a constant current x charges a leaky membrane to a threshold of 0.2: t =
# tau ln(x / (x - 0.2)), tau = 8 us, seen for 20 samples of 1.7 us (Cramer et al. 2022, arXiv 2006.07239).
_LATENCY_THRESHOLD = 0.2
_LATENCY_TAU = 8 / (20 * 1.7)  # of a window
_ONE = np.uint32(1 << 16)  # the value 1 in the rate coder's fixed point
_CURRENT = "current"
_NO_AMPLITUDE = np.zeros((0, 0), np.float32)


@kernel
def _encode_rate(values, numbers, active, phases, fires, rows, begin, end):
    """A phase accumulator per input, starting half full: the spikes of x come x T times, evenly spaced.

    numbers: 0, 1, 2 and so on; room for the inputs in n / LANES whole vectors: active (n,) of the
    type of rows, phases (2, n) uint32, fires (n,) float32.
    """
    n_windows, n_steps = begin.shape
    n_in = values.shape[1]
    phase, step = phases[0], phases[1]
    for s in range(n_windows):
        fires[:] = np.float32(0)
        for i in range(n_in):
            fires[i] = values[s, i]
        n_active = _chosen(active, np.uint64(0), numbers, fires)
        for j in range(n_active):
            step[j] = np.uint32(values[s, active[j]] * np.float32(65536) + np.float32(0.5))
            phase[j] = np.uint32(1 << 15)
        used = fires[: (n_active + LANES - 1) // LANES * LANES]
        used[:] = np.float32(0)
        k = np.uint64(0)
        for t in range(n_steps):
            begin[s, t] = k
            for j in range(n_active):
                following = phase[j] + step[j]
                fires[j] = np.float32(np.int32(((following ^ phase[j]) >> np.uint32(16)) & np.uint32(1)))
                phase[j] = following
            k = _chosen(rows[s], k, active, used)
            end[s, t] = k


@inlined
def _chosen(target, at, source, which):
    """Write those of source whose `which`, (n,) float32 in whole vectors, is not zero to target[at:]."""
    for start in range(np.uint64(0), np.uint64(len(which)), np.uint64(LANES)):
        at = store_chosen(target, at, source, start, nonzero(which, start))
    return at


@kernel
def _encode_bernoulli(values, windows, key, words, rows, begin, end):
    n_windows, n_steps = begin.shape
    for s in range(n_windows):
        k = 0
        for t in range(n_steps):
            if t % 4 == 0:
                words_of_four_steps(words, (key[0], key[1]), windows[s], 0, t // 4, 0)
            begin[s, t] = k
            drawn = words[t % 4]
            for i in range(values.shape[1]):
                rows[s, k] = i
                k += np.int64(np.float32(drawn[i] >> np.uint32(8)) < values[s, i] * np.float32(1 << 24))
            end[s, t] = k


@kernel
def _encode_current(values, rows, begin, end, amplitude):
    n_windows, n_steps = begin.shape
    for s in range(n_windows):
        k = 0
        for i in range(values.shape[1]):
            rows[s, k] = i
            amplitude[s, k] = values[s, i]
            k += np.int64(values[s, i] > np.float32(0))
        for t in range(n_steps):
            begin[s, t] = 0
            end[s, t] = k


@kernel
def _encode_latency(values, rows, begin, end):
    n_windows, n_steps = begin.shape
    last = np.float32(n_steps - 1)
    for s in range(n_windows):
        k = 0
        for t in range(n_steps):
            begin[s, t] = k
            for i in range(values.shape[1]):
                x = values[s, i]
                at = np.int64((np.float32(1) - x) * last + np.float32(0.5))
                if x > np.float32(0) and at == t:
                    rows[s, k] = i
                    k += 1
            end[s, t] = k


def _latency_edges(steps: int) -> NDArray[np.float32]:
    """(T + 1,) float32, falling: values x with edges[t + 1] < x <= edges[t] spike at step t of the log-latency code.

    The time of the spike, rounded down to a step, solved for x; edges[0] is above all values.
    """
    late = np.arange(steps + 1) / (_LATENCY_TAU * steps) - np.log(1 - _LATENCY_THRESHOLD)  # ln(x / (x - 0.2))
    edges: NDArray[np.float32] = (_LATENCY_THRESHOLD / (1 - np.exp(-late))).astype(np.float32)
    edges[0] = np.inf
    return edges


@kernel
def _encode_log_latency(values, edges, numbers, active, levels, fires, rows, begin, end):
    """edges: see `_latency_edges`; numbers and room as in `_encode_rate`, levels (n,) float32 for the active inputs."""
    n_windows, n_steps = begin.shape
    n_in = values.shape[1]
    for s in range(n_windows):
        fires[:] = np.float32(0)
        for i in range(n_in):
            fires[i] = np.float32(values[s, i] > edges[n_steps])
        n_active = _chosen(active, np.uint64(0), numbers, fires)
        used = fires[: (n_active + LANES - 1) // LANES * LANES]
        used[:] = np.float32(0)
        for j in range(n_active):
            levels[j] = values[s, active[j]]
        k = np.uint64(0)
        for t in range(n_steps):
            begin[s, t] = k
            for j in range(n_active):
                fires[j] = np.float32((levels[j] > edges[t + 1]) & (levels[j] <= edges[t]))
            k = _chosen(rows[s], k, active, used)
            end[s, t] = k


class Rate(Encoding):
    """Spikes at even distances."""

    name = "rate"
    meaning = ENCODINGS["rate"]

    def __init__(self, n_in: int, steps: int, seed: int) -> None:
        super().__init__(n_in, steps, seed)
        self._numbers, self._active, self._phases, self._fires = _room(n_in)

    def fill(self, values, windows, events):
        _encode_rate(
            values, self._numbers, self._active, self._phases, self._fires, events.rows, events.begin, events.end
        )


class Bernoulli(Encoding):
    """A coin for every step."""

    name = "bernoulli"
    meaning = ENCODINGS["bernoulli"]

    def __init__(self, n_in: int, steps: int, seed: int) -> None:
        super().__init__(n_in, steps, seed)
        self._key = np.array(stream_key("bernoulli encoder", seed))
        self._words = np.zeros((4, n_in), np.uint32)

    def fill(self, values, windows, events):
        _encode_bernoulli(values, windows, self._key, self._words, events.rows, events.begin, events.end)


class Current(Encoding):
    """No spikes: amplitudes, for which no other encoding has room."""

    name = _CURRENT
    meaning = ENCODINGS[_CURRENT]

    def fill(self, values, windows, events):
        _encode_current(values, *events)


class Latency(Encoding):
    """The larger, the earlier."""

    name = "latency"
    meaning = ENCODINGS["latency"]
    one_spike = True
    latency = True

    def fill(self, values, windows, events):
        _encode_latency(values, events.rows, events.begin, events.end)


class LogLatency(Encoding):
    """As a leaky membrane that a constant current charges."""

    name = "log-latency"
    meaning = ENCODINGS["log-latency"]
    one_spike = True
    latency = True

    def __init__(self, n_in: int, steps: int, seed: int) -> None:
        super().__init__(n_in, steps, seed)
        self._edges = _latency_edges(steps)
        self._numbers, self._active, _, self._fires = _room(n_in)
        self._levels = np.zeros(len(self._numbers), np.float32)

    def fill(self, values, windows, events):
        room = self._numbers, self._active, self._levels, self._fires
        _encode_log_latency(values, self._edges, *room, events.rows, events.begin, events.end)


def _room(n_in: int) -> tuple[NDArray[Any], NDArray[Any], NDArray[np.uint32], NDArray[np.float32]]:
    """Numbers, active, phases, fires of `_encode_rate`."""
    n = padded_width(n_in)
    return (
        np.arange(n, dtype=row_type(n)),
        np.zeros(n, row_type(n_in)),
        np.zeros((2, n), np.uint32),
        np.zeros(n, np.float32),
    )


ENCODERS.provide(Encoding, ("meaning",), (Rate, Bernoulli, Current, Latency, LogLatency))


def encoding_named(name: str) -> type[Encoding]:
    """The encoding called `name`. Raises SettingError."""
    found: type[Encoding] = ENCODERS.get(name)
    return found


class Encoder:
    """Encodes chunks of samples; its buffers are made once and handed out in turn."""

    def __init__(
        self, encoding: str, n_in: int, steps: int, chunk: int, seed: int, buffers: int = 1, windows: int = 1
    ) -> None:
        """chunk: most samples per call; buffers: results valid at the same time; seed: of what is random.

        steps: of a window; windows: of a sample, of n_in values each. Raises SettingError if there is no such encoding,
        or its package is broken.
        """
        self.encoding = encoding
        self._how: Encoding = ENCODERS.make(encoding, n_in, steps, seed)
        self._n_in = n_in
        self._foreign = ENCODERS.plugin(encoding) is not None
        is_current = encoding == _CURRENT
        of_window = n_in * (1 if self._how.one_spike or is_current else steps)

        def room(samples: int, windows: int) -> Events:
            capacity = windows * of_window + LANES
            return Events(
                np.empty((samples, capacity), row_type(n_in)),
                np.zeros((samples, windows * steps), np.int32),
                np.zeros((samples, windows * steps), np.int32),
                np.empty((samples, capacity), np.float32) if is_current else _NO_AMPLITUDE,
            )

        self._buffers = [room(chunk, windows) for _ in range(buffers)]
        self._windows = windows
        self._alone = room(chunk * windows, 1) if windows > 1 else None  # windows by themselves
        self._next = 0

    def silence(self, n: int) -> Events:
        """Events of n windows without a spike, before anything was encoded."""
        return Events(*(array[:n] for array in self._buffers[0]))

    def encode(self, values: NDArray[np.float32], windows: NDArray[np.int64]) -> Events:
        """Events of samples (S, n_in) in [0, 1] shown in windows (S,). Valid until the buffer's next turn.

        Of sequences samples are (S, L n_in), window after window; what is random in window w follows from the number L
        windows + w.
        """
        buffer = self._buffers[self._next]
        self._next = (self._next + 1) % len(self._buffers)
        sequences = Events(*(array[: len(values)] for array in buffer))
        if self._alone is None:
            self._fill(values, windows, sequences)
            return sequences
        n = len(values) * self._windows
        alone = Events(*(array[:n] for array in self._alone))
        numbers = (windows[:, None] * self._windows + np.arange(self._windows)).reshape(-1)
        self._fill(np.ascontiguousarray(values, np.float32).reshape(n, self._n_in), numbers, alone)
        _one_after_another(alone, sequences)
        return sequences

    def _fill(self, values: NDArray[np.float32], windows: NDArray[np.int64], events: Events) -> None:
        with ENCODERS.blamed(self.encoding, "fails"):
            self._how.fill(values, windows, events)
        if self._foreign and not _are_events(events.rows, events.begin, events.end, self._n_in, self._how.one_spike):
            raise ENCODERS.broken(self.encoding, "fills in what are no events; see host.data.Encoding.fill")


@kernel
def _one_after_another(windows, sequences):
    """Lay L windows each one after another as a sequence: window w of sequence s is the (L s + w)-th."""
    n_steps = windows.begin.shape[1]
    n_windows = sequences.begin.shape[1] // n_steps
    for s in range(sequences.begin.shape[0]):
        k = np.int32(0)
        for w in range(n_windows):
            own = s * n_windows + w
            n = windows.end[own, n_steps - 1]
            for i in range(n):
                sequences.rows[s, k + i] = windows.rows[own, i]
            if len(windows.amplitude) > 0:
                for i in range(n):
                    sequences.amplitude[s, k + i] = windows.amplitude[own, i]
            for t in range(n_steps):
                sequences.begin[s, w * n_steps + t] = k + windows.begin[own, t]
                sequences.end[s, w * n_steps + t] = k + windows.end[own, t]
            k += n


@kernel
def _are_events(rows, begin, end, n_in, one_spike):
    """Whether other packages kept to `Encoding.fill`: what packs events for a wire trusts them."""
    for s in range(begin.shape[0]):
        at = 0
        for t in range(begin.shape[1]):
            if begin[s, t] != at or end[s, t] < at or end[s, t] > rows.shape[1]:
                return False
            for k in range(at, end[s, t]):
                if not 0 <= rows[s, k] < n_in or (k > at and rows[s, k] <= rows[s, k - 1]):
                    return False
            at = end[s, t]
        if one_spike and at > n_in:
            return False
    return True
