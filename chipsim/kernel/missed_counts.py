"""Spikes that accumulators miss: how many spikes come before the next missed one is drawn, rather than each one's luck.

If each spike is missed with probability p, that number is geometric: floor(ln(u) / ln(1 - p)), u uniform on (0, 1]. It
is drawn at the start of a window and after each miss, the k-th time from word k of (die, window, layer, neuron).
"""

from __future__ import annotations

import numpy as np

from chipsim.layout import MISS_PROBABILITY, MISSED_PER_LOG, row_at
from chipsim.random import natural_log, word_of_step, words_of_four_steps
from chipsim.simd import LANES, inlined, inlined_in_python, outlined

_ZERO = np.float32(0)
_DRAWN = 4  # words that are there from the start of the window


@inlined
def _spikes_before_miss(word, missed, per_log):
    u = np.float32(np.int32(word >> np.uint32(8)) + np.int32(1)) * np.float32(2.0**-24)
    return np.floor(natural_log(u) * per_log) if missed > _ZERO else np.float32(np.inf)


@inlined_in_python
def start_missing(before, state, block, window, p, q, first):
    """At the start of a window: draw when each of the neurons from `first` on misses a spike.

    before: (n,) float32, spikes that are counted before the next missed one; block, state: of position p, whose state
    is the q-th.
    """
    table, circuit, misses = block.disturbances, block.circuit, state.miss_state
    probability, per_log = row_at(table, p, MISS_PROBABILITY), row_at(table, p, MISSED_PER_LOG)
    key, layer = circuit.missed_key, circuit.layer
    _draw(before, misses.so_far[q], misses.words[q], probability, per_log, key, layer, window, first)


@inlined_in_python
def draw_next_miss(before, state, block, window, p, q, first):
    """After some of the neurons from `first` on have missed a spike."""
    table, circuit, misses = block.disturbances, block.circuit, state.miss_state
    probability, per_log = row_at(table, p, MISS_PROBABILITY), row_at(table, p, MISSED_PER_LOG)
    key, layer = circuit.missed_key, circuit.layer
    _draw_again(before, misses.so_far[q], misses.words[q], probability, per_log, key, layer, window, first)


@outlined
def _draw(before, so_far, words, missed, per_log, key, layer, window, first):
    words_of_four_steps(words, (key[0], key[1]), window, layer, np.int64(0), first)
    for i in range(len(before)):
        before[i] = _spikes_before_miss(words[0, i], missed[i], per_log[i])
        so_far[i] = np.int32(0)


@outlined
def _draw_again(before, so_far, words, missed, per_log, key, layer, window, first):
    """For those that have just missed one: few, so vectors are asked first whether any of theirs has."""
    for vector in range(np.uint64(0), np.uint64(len(before)), np.uint64(LANES)):
        signs = np.int32(0)
        for lane in range(np.uint64(LANES)):
            signs |= np.float32(before[vector + lane]).view(np.int32)
        if signs >= 0:
            continue
        for i in range(vector, vector + np.uint64(LANES)):
            if before[i] < _ZERO:
                so_far[i] += np.int32(1)
                if so_far[i] < _DRAWN:
                    word = words[so_far[i], i]
                else:
                    word = word_of_step((key[0], key[1]), window, layer, so_far[i], np.uint64(first) + i)
                before[i] = _spikes_before_miss(word, missed[i], per_log[i])
