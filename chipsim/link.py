"""The chip's end of the host link: what arrives when bits flip on the way.

A spike travels as the address of its row, in as many bits as number the rows of the first layer; a constant current as
such an address and a value that is taken to arrive intact. A target rate travels as a word of 16 bits, 15 of them after
the point: 0 to 2 spikes per step in units of 2^-15. A word without a flipped bit means exactly what was sent. Bit
errors are drawn from (die, site, layer, window); all words of a site in a window are one sequence of bits, lowest bit
of each word first, and the gaps between flipped bits are drawn rather than each bit: the price is that of the errors.

An address beyond the array is dropped. So is a second event for a row in a step: the row's driver fires once per step.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from chipsim.jit import inlined_stage, kernel, rare_stage
from chipsim.tables import Events
from nonideality.counter_rng import natural_log, philox
from nonideality.streams import stream_key

TARGET_BITS = 16
_TARGET_ONE = np.float32(1 << 15)  # a rate of one spike per step
_TARGET_TOP = np.int64((1 << TARGET_BITS) - 1)
_LOW = np.uint64(0xFFFFFFFF)
_NEVER = 2.0**62


class BitErrors(NamedTuple):
    """Errors of one kind of word on one layer's wires."""

    key: NDArray[np.uint64]  # (2,)
    layer: np.int64
    per_log: float  # 1 / ln(1 - bit error rate): turns ln of a uniform number into a geometric gap

    @staticmethod
    def at(rate: float, site: str, layer: int, die_seed: int) -> BitErrors:
        """Errors at `rate`, above 0 and at most 0.5, per bit."""
        key = np.array(stream_key("host link", die_seed, site))
        return BitErrors(key, np.int64(layer), float(1 / np.log1p(-rate)))


@inlined_stage
def _gap(errors, window, k):
    """Intact bits before the window's k-th flipped one: geometric, from one random word."""
    low = np.uint64(window) & _LOW
    high = ((np.uint64(window) >> np.uint64(32)) << np.uint64(16)) | np.uint64(errors.layer)
    word, _, _, _ = philox(np.uint64(k), np.uint64(0), low, high, errors.key[0], errors.key[1])
    u = (np.float32(np.int32(word >> np.uint64(8))) + np.float32(1)) * np.float32(2.0**-24)  # (0, 1]
    return np.int64(min(np.floor(np.float64(natural_log(u)) * errors.per_log), _NEVER))


@kernel
def _receive_events(arrived, sent, errors, windows, word_bits, n_in):
    """Fill `arrived`, room like that of `sent`, with what comes of all events. Returns how many are lost.

    A step keeps its place in `rows`. word_bits: of an address.
    """
    graded = len(sent.amplitude) > 0
    lost = np.int64(0)
    for s in range(sent.begin.shape[0]):
        drawn = np.int64(0)
        flipped = _gap(errors, windows[s], drawn)  # the next flipped bit of the window, and
        bit = np.int64(0)  # the first bit of the next word
        for t in range(1 if graded else sent.begin.shape[1]):
            begin, end = np.uint64(sent.begin[s, t]), np.uint64(sent.end[s, t])
            arrived.begin[s, t], arrived.end[s, t] = sent.begin[s, t], sent.end[s, t]
            _copy(arrived.rows[s], sent.rows[s], begin, end)
            if graded:
                _copy(arrived.amplitude[s], sent.amplitude[s], begin, end)
            after = bit + np.int64(end - begin) * word_bits
            if flipped < after:
                drawn, flipped, kept = _garble_step(
                    arrived, s, t, errors, windows[s], drawn, flipped - bit, word_bits, n_in
                )
                flipped += bit
                lost += np.int64(arrived.end[s, t]) - kept
                arrived.end[s, t] = np.int32(kept)
            bit = after
        if graded:
            arrived.begin[s, :] = arrived.begin[s, 0]
            arrived.end[s, :] = arrived.end[s, 0]
    return lost


@inlined_stage
def _copy(target, source, begin, end):
    for k in range(begin, end):
        target[k] = source[k]


@rare_stage
def _garble_step(arrived, s, t, errors, window, drawn, flipped, word_bits, n_in):
    """Flip the address bits of a step that has some to flip; drop what cannot be, and keep rows ascending.

    drawn: gaps drawn so far in this window; flipped: the next flipped bit, counted from the step's first. Returns both
    as they are after the step, and where its events now end.
    """
    rows, amplitude = arrived.rows, arrived.amplitude
    graded = len(amplitude) > 0
    first = np.int64(arrived.begin[s, t])
    kept = first
    bit = np.int64(0)
    for k in range(first, np.int64(arrived.end[s, t])):
        row = np.int64(rows[s, k])
        while flipped < bit + word_bits:
            row ^= np.int64(1) << (flipped - bit)
            drawn += 1
            flipped += 1 + _gap(errors, window, drawn)
        bit += word_bits
        place = kept  # rows stay ascending
        while place > first and rows[s, place - 1] > row:
            place -= 1
        if row >= n_in or (place > first and rows[s, place - 1] == row):
            continue
        x = amplitude[s, k] if graded else np.float32(0)
        for later in range(kept, place, -1):
            rows[s, later] = rows[s, later - 1]
            if graded:
                amplitude[s, later] = amplitude[s, later - 1]
        rows[s, place] = row
        if graded:
            amplitude[s, place] = x
        kept += 1
    return drawn, flipped, kept


@kernel
def _receive_targets(targets, errors, windows):
    """Garble the words of target rates (S, n_out) float32 in place."""
    for s in range(targets.shape[0]):
        drawn = np.int64(0)
        flipped = _gap(errors, windows[s], drawn)
        while flipped < targets.shape[1] * TARGET_BITS:
            i = flipped // TARGET_BITS
            mask = np.int64(0)
            while flipped < (i + 1) * TARGET_BITS:
                mask |= np.int64(1) << (flipped - i * TARGET_BITS)
                drawn += 1
                flipped += 1 + _gap(errors, windows[s], drawn)
            sent = np.int64(np.floor(np.float64(targets[s, i] * _TARGET_ONE) + 0.5))
            sent = max(np.int64(0), min(_TARGET_TOP, sent))
            targets[s, i] = np.float32(sent ^ mask) / _TARGET_ONE


def _same_kind(room: Events, events: Events) -> bool:
    """Whether windows of `events` fit into those of `room`, whose number aside."""
    kinds = [[(array.shape[1:], array.dtype) for array in each] for each in (room, events)]
    return kinds[0] == kinds[1] and (len(room.amplitude) > 0) == (len(events.amplitude) > 0)


def address_bits(n_in: int) -> int:
    """Bits of a row's address on the link."""
    return max(1, (n_in - 1).bit_length())


class HostLink:
    """The wires of one die's host link. Where there are no bit errors, nothing is copied."""

    def __init__(self, die_seed: int, n_in: int, spikes: float, targets: Sequence[float]) -> None:
        """spikes, targets (one per layer): bit error rates, from 0 to 0.5."""
        self._n_in = n_in
        self._arrived: Events | None = None
        self._spikes = BitErrors.at(spikes, "spikes", 0, die_seed) if spikes else None
        self._targets = [
            BitErrors.at(rate, "targets", layer, die_seed) if rate else None for layer, rate in enumerate(targets)
        ]

    @property
    def errs(self) -> bool:
        """Whether anything may arrive otherwise than it was sent."""
        return self._spikes is not None or any(self._targets)

    def events(self, events: Events, windows: NDArray[np.int64]) -> tuple[Events, int]:
        """What arrives of `events`, in room that the next call uses again, and how many were lost.

        windows: (S,) the windows' numbers.
        """
        if self._spikes is None:
            return events, 0
        room = self._arrived
        if room is None or len(room.rows) < len(events.rows) or not _same_kind(room, events):
            room = self._arrived = Events(*(np.empty_like(array, order="C") for array in events))
        arrived = Events(*(array[: len(sent)] for array, sent in zip(room, events, strict=True)))
        sent = Events(*(np.ascontiguousarray(array) for array in events))
        bits = address_bits(self._n_in)
        return arrived, int(_receive_events(arrived, sent, self._spikes, windows, bits, self._n_in))

    def targets(self, targets: Sequence[NDArray[np.float32]], windows: NDArray[np.int64]) -> list[NDArray[np.float32]]:
        """What arrives of each layer's targets (S, n_out)."""
        received = []
        for target, errors in zip(targets, self._targets, strict=False):  # none are sent for inference
            if errors is None:
                received.append(np.ascontiguousarray(target, np.float32))
            else:
                received.append(np.array(target, np.float32, order="C"))
                _receive_targets(received[-1], errors, windows)
        return received
