"""Spikes as bits: which neurons of a layer fired at a step, sixteen to a mask, and back to the list of rows they drive.

A layer's masks are `spike_bits` (n_words, S, T, 4) uint16: bit i of fired[w, s, t, q] is the neuron at place 64 w + 16
q + i (see `chipsim.layout.neuron_slots`) at step t of window s. Four masks side by side are a word; words come first,
so that threads write to memory apart from each other.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chipsim.simd import LANES, aligned, inlined, kernel, outlined, population, store_chosen

PLACES_PER_WORD = 64
MASKS_PER_WORD = 4


def new_masks(n_windows: int, steps: int, n_neurons: int) -> NDArray[np.uint16]:
    """Masks in which no neuron fires."""
    return aligned((-(-n_neurons // PLACES_PER_WORD), n_windows, steps, MASKS_PER_WORD), np.uint16)


def windows_apart(n_windows: int) -> int:
    """How many windows to make room for: an odd number.

    Else the words of a window are whole pages apart, as a rule, and so meet in the same few places of the cache.
    """
    return n_windows | 1


def first_windows(spike_bits: NDArray[np.uint16], n_windows: int) -> NDArray[np.uint16]:
    """Masks of fewer windows, `windows_apart` of them, in the same memory: kernels are compiled for one layout."""
    words, _, steps, masks = spike_bits.shape
    n = windows_apart(n_windows)
    return spike_bits.reshape(-1)[: words * n * steps * masks].reshape(words, n, steps, masks)


def read_windows(spike_bits: NDArray[np.uint16], n_windows: int) -> NDArray[np.uint16]:
    """A copy of what `first_windows` holds, of these windows alone."""
    return np.ascontiguousarray(first_windows(spike_bits, n_windows)[:, :n_windows])


def n_bits(spike_bits: NDArray[np.uint16]) -> int:
    """Bits of a step, those that stand for no neuron included."""
    return PLACES_PER_WORD * len(spike_bits)


def spikes_of(spike_bits: NDArray[np.uint16], places: ArrayLike) -> NDArray[np.uint8]:
    """Spikes (S, T, k) of the neurons at some places, 0 or 1."""
    numbers = np.asarray(places, np.int64)
    words, masks = numbers // PLACES_PER_WORD, numbers % PLACES_PER_WORD // LANES
    chosen = spike_bits[words, :, :, masks]  # (k, S, T)
    bits = chosen >> (numbers % LANES).astype(np.uint16)[:, None, None] & 1
    return np.ascontiguousarray(np.moveaxis(bits, 0, 2), np.uint8)


def spike_bits_of(spikes: NDArray[np.uint8]) -> NDArray[np.uint16]:
    """Masks of spikes (S, T, n), 0 or 1: the neurons stand at places 0 to n - 1."""
    n_windows, steps, n = spikes.shape
    spike_bits = new_masks(n_windows, steps, n)
    bits = np.zeros((n_windows, steps, n_bits(spike_bits)), np.uint8)
    bits[:, :, :n] = spikes
    masks = np.packbits(bits, axis=2, bitorder="little").view("<u2")
    spike_bits[...] = np.moveaxis(masks.reshape(n_windows, steps, len(spike_bits), MASKS_PER_WORD), 2, 0)
    return spike_bits


def number_of_spikes(spike_bits: NDArray[np.uint16]) -> int:
    """All of them."""
    return int(np.bitwise_count(spike_bits.view(np.uint64)).sum(dtype=np.int64))


@inlined
def store_mask(spike_bits, s, t, number, mask):
    """Keep the spikes at step t of window s of sixteen neurons, those at places 16 number + 0 to 15."""
    spike_bits[number // np.uint64(MASKS_PER_WORD), s, t, number % np.uint64(MASKS_PER_WORD)] = mask


@outlined
def spikes_in_window(spike_bits, s, first, n):
    """How often n neurons from `first` on fired in window s."""
    total = np.int64(0)
    for mask in range(first // LANES, -(-(first + n) // LANES)):
        for t in range(spike_bits.shape[2]):
            total += np.int64(population(spike_bits[mask // MASKS_PER_WORD, s, t, mask % MASKS_PER_WORD]))
    return total


@kernel
def gather_events(spike_bits, numbers, rows, begin, end, mask_begin, start, stop):
    """Turn the masks of windows start .. stop - 1 into the row lists of `Events`.

    numbers: the row of every bit of `spike_bits` at a step, ascending, of the type of rows; mask_begin: (S, T, masks +
    1) int32, gets where the events of each mask begin among those of its window, or (0, 0, 0) if nobody wants to know.
    No branch depends on a spike. `rows` needs room for LANES more entries than spikes.
    """
    for s in range(start, stop):
        mine = rows[s]
        k = np.uint64(0)
        for t in range(spike_bits.shape[2]):
            begin[s, t] = np.int32(k)
            if len(mask_begin) > 0:
                k = _gather_step(spike_bits, numbers, mine, mask_begin[s, t], s, t, k)
            else:
                for w in range(np.uint64(len(spike_bits))):
                    masks = spike_bits[w, s, t]
                    for q in range(np.uint64(MASKS_PER_WORD)):
                        k = store_chosen(mine, k, numbers, _place(w, q), masks[q])
            end[s, t] = np.int32(k)


@inlined
def _gather_step(spike_bits, numbers, rows, mask_begin, s, t, k):
    for w in range(np.uint64(len(spike_bits))):
        masks = spike_bits[w, s, t]
        for q in range(np.uint64(MASKS_PER_WORD)):
            mask_begin[w * np.uint64(MASKS_PER_WORD) + q] = np.int32(k)
            k = store_chosen(rows, k, numbers, _place(w, q), masks[q])
    mask_begin[len(mask_begin) - 1] = np.int32(k)
    return k


@inlined
def _place(word, mask):
    """Of the first bit of a word's mask."""
    return word * np.uint64(PLACES_PER_WORD) + mask * np.uint64(LANES)
