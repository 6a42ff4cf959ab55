"""The chip's end of the host link: what arrives of rates that travel as short words, and when bits flip on the way.

A spike travels as the address of its row, in as many bits as number the rows of the first layer; a constant current as
such an address and a value that is taken to arrive intact. A target rate travels as a word of `ChipSpec.target_bits`
bits, all but one of them after the point: of 16 bits, 0 to 2 spikes per step in units of 2^-15. It is rounded to the
nearest word, halves up, and what is too small or too large for a word becomes the nearest end of its range. Bit errors
are drawn from (die, site, layer, window); all words of a site in a window are one sequence of bits, lowest bit
of each word first, and the gaps between flipped bits are drawn rather than each bit: the price is that of the errors.

An address beyond the array is dropped. So is a second event for a row in a step: the row's driver fires once per step.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from chipsim.design import ChipError, LayerShape
from chipsim.layout import Events, Targets, n_slots, to_slots
from chipsim.random import natural_log, philox
from chipsim.simd import BufferPool, inlined, inlined_in_python, kernel, outlined
from nonideality import stream_key

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


class LostEvents(NamedTuple):
    """Input events that do not arrive, by what became of their address."""

    events_off_array: int  # none of a row
    events_merged: int  # that of an event of the same step that arrives


@inlined_in_python
def _gap(errors, window, k):
    """Intact bits before the window's k-th flipped one: geometric, from one random word."""
    low = np.uint64(window) & _LOW
    high = ((np.uint64(window) >> np.uint64(32)) << np.uint64(16)) | np.uint64(errors.layer)
    word, _, _, _ = philox(np.uint64(k), np.uint64(0), low, high, errors.key[0], errors.key[1])
    u = (np.float32(np.int32(word >> np.uint64(8))) + np.float32(1)) * np.float32(2.0**-24)  # (0, 1]
    return np.int64(min(np.floor(np.float64(natural_log(u)) * errors.per_log), _NEVER))


@kernel
def _receive_events(arrived, sent, errors, windows, word_bits, n_in, window_steps):
    """Fill `arrived`, room like that of `sent`, with what comes of all events. Returns `LostEvents` as a pair.

    A step keeps its place in `rows`. word_bits: of an address; window_steps: for which a constant current is sent once.
    """
    constant_current = len(sent.amplitude) > 0
    off_array, merged = np.int64(0), np.int64(0)
    for s in range(sent.begin.shape[0]):
        drawn = np.int64(0)
        flipped = _gap(errors, windows[s], drawn)  # the next flipped bit of the window, and
        bit = np.int64(0)  # the first bit of the next word
        for t in range(0, sent.begin.shape[1], window_steps if constant_current else 1):
            begin, end = np.uint64(sent.begin[s, t]), np.uint64(sent.end[s, t])
            arrived.begin[s, t], arrived.end[s, t] = sent.begin[s, t], sent.end[s, t]
            _copy(arrived.rows[s], sent.rows[s], begin, end)
            if constant_current:
                _copy(arrived.amplitude[s], sent.amplitude[s], begin, end)
            after = bit + np.int64(end - begin) * word_bits
            if flipped < after:
                drawn, flipped, kept, outside = _garble_step(
                    arrived, s, t, errors, windows[s], drawn, flipped - bit, word_bits, n_in
                )
                flipped += bit
                off_array += outside
                merged += np.int64(arrived.end[s, t]) - kept - outside
                arrived.end[s, t] = np.int32(kept)
            bit = after
            if constant_current:
                arrived.begin[s, t : t + window_steps] = arrived.begin[s, t]
                arrived.end[s, t : t + window_steps] = arrived.end[s, t]
    return off_array, merged


@inlined_in_python
def _copy(target, source, begin, end):
    for k in range(begin, end):
        target[k] = source[k]


@outlined
def _garble_step(arrived, s, t, errors, window, drawn, flipped, word_bits, n_in):
    """Flip the address bits of a step that has some to flip; drop what cannot be, and keep rows ascending.

    drawn: gaps drawn so far in this window; flipped: the next flipped bit, counted from the step's first. Returns both
    as they are after the step, where its events now end, and how many had the address of no row.
    """
    rows, amplitude = arrived.rows, arrived.amplitude
    constant_current = len(amplitude) > 0
    first = np.int64(arrived.begin[s, t])
    kept = first
    bit, outside = np.int64(0), np.int64(0)
    for k in range(first, np.int64(arrived.end[s, t])):
        row = np.int64(rows[s, k])
        while flipped < bit + word_bits:
            row ^= np.int64(1) << (flipped - bit)
            drawn += 1
            flipped += 1 + _gap(errors, window, drawn)
        bit += word_bits
        if row >= n_in:
            outside += np.int64(1)
            continue
        place = kept  # rows stay ascending
        while place > first and rows[s, place - 1] > row:
            place -= 1
        if place > first and rows[s, place - 1] == row:
            continue
        x = amplitude[s, k] if constant_current else np.float32(0)
        for later in range(kept, place, -1):
            rows[s, later] = rows[s, later - 1]
            if constant_current:
                amplitude[s, later] = amplitude[s, later - 1]
        rows[s, place] = row
        if constant_current:
            amplitude[s, place] = x
        kept += 1
    return drawn, flipped, kept, outside


@inlined
def _round_rates(sent, received, one):
    """Rates (n,) float32 to the nearest words and back, into received. Returns whether all of them are finite.

    one: float32 scalar, the word that means a rate of one.
    """
    top = np.float32(2) * one - np.float32(1)
    odd = np.int32(0)
    for i in range(len(sent)):
        odd += np.int32(not np.isfinite(sent[i]))
        scaled = sent[i] * one
        below = np.floor(scaled)
        word = below + np.float32(scaled - below >= np.float32(0.5))
        received[i] = min(max(word, np.float32(0)), top) / one
    return odd == 0


@kernel
def _receive_targets(sent, received, one):
    """What arrives of target rates (S, n_out), in the first columns of received. Returns whether all were finite."""
    finite = True
    for s in range(sent.shape[0]):
        finite = _round_rates(sent[s], received[s, : sent.shape[1]], one) and finite
    return finite


@kernel
def _flip_target_bits(targets, n_out, bits, errors, windows):
    """Garble the words, of `bits` bits, of the first n_out of target rates (S, n) float32 in place."""
    one = np.float32(1 << (bits - 1))
    for s in range(targets.shape[0]):
        drawn = np.int64(0)
        flipped = _gap(errors, windows[s], drawn)
        while flipped < n_out * bits:
            i = flipped // bits
            mask = np.int64(0)
            while flipped < (i + 1) * bits:
                mask |= np.int64(1) << (flipped - i * bits)
                drawn += 1
                flipped += 1 + _gap(errors, windows[s], drawn)
            targets[s, i] = np.float32(np.int64(targets[s, i] * one) ^ mask) / one


def _same_kind(room: Events, events: Events) -> bool:
    """Whether windows of `events` fit into those of `room`, whose number aside."""
    kinds = [[(array.shape[1:], array.dtype) for array in each] for each in (room, events)]
    return kinds[0] == kinds[1] and (len(room.amplitude) > 0) == (len(events.amplitude) > 0)


def address_bits(n_in: int) -> int:
    """Bits of a row's address on the link."""
    return max(1, (n_in - 1).bit_length())


class HostLink:
    """The wires of one die's host link. Events without bit errors are not copied."""

    def __init__(
        self,
        die_seed: int,
        shapes: Sequence[LayerShape],
        target_bits: int,
        spikes: float,
        targets: Sequence[float],
        windows: int = 1,
    ) -> None:
        """shapes: of the layers; target_bits: of a rate's word; spikes, targets (one per layer): bit error rates.

        windows: of a presentation, whose words are one sequence of bits.
        """
        self._windows = windows
        self._n_in = shapes[0].n_in
        self._shapes = shapes
        self._target_bits = target_bits
        self._room = BufferPool()  # for targets: a chunk arrives while the last one is still being learned
        self._arrived: Events | None = None
        self._spikes = BitErrors.at(spikes, "spikes", 0, die_seed) if spikes else None
        self._targets = [
            BitErrors.at(rate, "targets", layer, die_seed) if rate else None for layer, rate in enumerate(targets)
        ]

    @property
    def errs(self) -> bool:
        """Whether anything may arrive otherwise than it was sent."""
        return self._spikes is not None or any(self._targets)

    def events(self, events: Events, windows: NDArray[np.int64]) -> tuple[Events, LostEvents]:
        """What arrives of `events`, in room that the next call uses again, and which were lost.

        windows: (S,) the windows' numbers.
        """
        if self._spikes is None:
            return events, LostEvents(0, 0)
        room = self._arrived
        if room is None or len(room.rows) < len(events.rows) or not _same_kind(room, events):
            room = self._arrived = Events(*(np.empty_like(array, order="C") for array in events))
        arrived = Events(*(array[: len(sent)] for array, sent in zip(room, events, strict=True)))
        sent = Events(*(np.ascontiguousarray(array) for array in events))
        bits = address_bits(self._n_in)
        off_array, merged = _receive_events(
            arrived, sent, self._spikes, windows, bits, self._n_in, events.begin.shape[1] // self._windows
        )
        return arrived, LostEvents(int(off_array), int(merged))

    def targets(self, targets: Targets, windows: NDArray[np.int64]) -> list[NDArray[np.float32] | None]:
        """What arrives of each layer's targets (S, n_out), or (S, L, n_out), in the neurons' places: (S L, places).

        Raises ChipError if one of them is not finite.
        """
        return [
            None if target is None else self._layer_targets(layer, np.ascontiguousarray(target, np.float32), windows)
            for layer, target in enumerate(targets)
        ]

    def _layer_targets(
        self, layer: int, target: NDArray[np.float32], windows: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        shape, errors = self._shapes[layer], self._targets[layer]
        n_windows = len(target) * self._windows
        one = np.float32(1 << (self._target_bits - 1))
        arrived = self._room.take((n_windows, n_slots(shape)))
        width = n_slots(shape) // shape.positions
        if errors is not None:  # garbled as the words come, one neuron after the other
            sent = target.reshape(len(target), -1)
            words = np.empty_like(sent)
            finite = _receive_targets(sent, words, one)
            _flip_target_bits(words, sent.shape[1], self._target_bits, errors, windows)
            arrived[...] = to_slots(words.reshape(n_windows, -1), shape)
        else:
            columns = arrived.reshape(-1, width)
            columns[:, shape.columns :] = 0  # where no neuron is
            finite = _receive_targets(target.reshape(-1, shape.columns), columns, one)
        if not finite:
            raise ChipError("targets contain NaN or infinity: every one must be a finite number")
        return arrived
