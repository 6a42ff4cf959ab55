"""How few bits a chunk could take: what the best code needs that knows nothing of its inputs but what is counted here.

Per window: how many and which of the n rows are active, log2(n + 1) + log2 C(n, k). Then what these do, whichever is
less: one of the patterns of T steps with at least one spike for each, k log2(2^T - 1), or how many spikes there are in
all, log2(k T - k + 1), and which of the ways to spread m spikes over k rows so that none is left without. Amplitudes:
log2 of the number of levels each. Targets: words of given width. Learning rates: 32 bits per window.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chipsim.layout import Events

_BITS_OF_RATE = 32
_HALVINGS = 60  # of the interval in which the saddle point is sought

Whole = NDArray[np.int64]
Bits = NDArray[np.float64]


@dataclass(frozen=True)
class Bound:
    """Bits of a chunk of windows."""

    events: float
    targets: float
    rates: float

    @property
    def bytes(self) -> float:
        return (self.events + self.targets + self.rates) / 8


def learning_bound(
    events: Events, n_rows: int, neurons: Sequence[int], target_bits: int, amplitude_levels: int = 1 << 32
) -> Bound:
    """Of a chunk to learn from. neurons: of each layer; amplitude_levels: how many currents are told apart."""
    n_windows = len(events.begin)
    return Bound(
        float(event_bits(events, n_rows, amplitude_levels).sum()),
        float(n_windows * sum(neurons) * target_bits),
        float(n_windows * _BITS_OF_RATE),
    )


def event_bits(events: Events, n_rows: int, amplitude_levels: int = 1 << 32) -> Bits:
    """(S,) bits of each window's input."""
    k, m = _active_and_spikes(events, n_rows)
    which = np.log2(n_rows + 1) + _log2_choose(n_rows, k)
    if len(events.amplitude) > 0:
        currents: Bits = which + k * np.log2(amplitude_levels)
        return currents
    steps = events.begin.shape[1]
    free = k * (steps + np.log2(-np.expm1(-steps * np.log(2.0))))
    counted = np.log2(k * (steps - 1) + 1) + log2_patterns(k, m, steps)
    spikes: Bits = which + np.minimum(free, counted)
    return spikes


def _active_and_spikes(events: Events, n_rows: int) -> tuple[Whole, Whole]:
    """(S,) rows that are active in a window, and spikes."""
    active, spikes = [], []
    for rows, begin, end in zip(events.rows, events.begin, events.end, strict=True):
        steps = slice(0, 1) if len(events.amplitude) > 0 else slice(None)
        seen = np.zeros(n_rows, np.bool_)
        for first, stop in zip(begin[steps], end[steps], strict=True):
            seen[rows[first:stop]] = True
        active.append(np.count_nonzero(seen))
        spikes.append(int((end[steps] - begin[steps]).sum()))
    return np.array(active, np.int64), np.array(spikes, np.int64)


def _log2_choose(n: int, k: Whole) -> Bits:
    factorial: Bits = np.concatenate([[0.0], np.cumsum(np.log2(np.arange(1, n + 1)))])
    bits: Bits = factorial[n] - factorial[k] - factorial[n - k]
    return bits


def log2_patterns(k: Whole, m: Whole, steps: int) -> Bits:
    """log2 of the ways in which m spikes spread over k rows of T steps, none of them silent: k <= m <= k T.

    The coefficient of x^m in ((1 + x)^T - 1)^k, by its saddle point (Flajolet and Sedgewick, Analytic Combinatorics,
    chapter VIII): relative errors of a few percent, a fraction of a bit. Exact where each row has one spike, or all.
    """
    k_, m_ = np.maximum(k, 1).astype(float), np.maximum(m, 1).astype(float)
    low, high = np.full(len(k_), -40.0), np.full(len(k_), 40.0)  # ln x

    def mean_and_variance(log_x: Bits) -> tuple[Bits, Bits]:
        """Of one row's spikes if a pattern of n of them has weight x^n."""
        p = 1 / (1 + np.exp(-log_x))
        fires = -np.expm1(-steps * np.log1p(np.exp(log_x)))
        mean = steps * p / fires
        return mean, mean * (1 - p + steps * p) - mean**2

    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        below = k_ * mean_and_variance(middle)[0] < m_
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    log_x = (low + high) / 2
    anything = steps * np.log1p(np.exp(log_x))
    nats = (
        k_ * (anything + np.log(-np.expm1(-anything)))
        - m_ * log_x
        - np.log(2 * np.pi * np.maximum(k_ * mean_and_variance(log_x)[1], 0.2)) / 2
    )
    bits: Bits = np.maximum(nats / np.log(2.0), 0.0)
    bits = np.where(m == k, k * np.log2(steps), bits)
    return np.where((m == k * steps) | (k == 0), 0.0, bits)
