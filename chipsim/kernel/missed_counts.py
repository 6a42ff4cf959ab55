"""Spikes that accumulators miss: how many spikes come before the next missed one is drawn, rather than each one's luck.

If each spike is missed with probability p, that number is geometric: floor(ln(u) / ln(1 - p)), u uniform on (0, 1]. It
is drawn at the start of a window and after each miss, the k-th time from word k of (die, window, layer, neuron).
"""

from __future__ import annotations

import numpy as np

from chipsim.kernel.accumulators import accumulate_with_misses
from chipsim.random import natural_log, words_of_four_steps
from chipsim.simd import inlined, inlined_in_python, outlined

_ZERO = np.float32(0)
_ONE = np.float32(1)


@inlined
def _spikes_before_miss(word, missed, per_log):
    u = np.float32(np.int32(word >> np.uint32(8)) + np.int32(1)) * np.float32(2.0**-24)
    return np.floor(natural_log(u) * per_log) if missed > _ZERO else np.float32(np.inf)


@inlined_in_python
def start_missing(miss_state, circuit, layer, window, first):
    """At the start of a window: draw when each of the neurons from `first` on misses a spike."""
    _draw(miss_state, circuit.miss_probability, circuit.missed_per_log, circuit.missed_key, layer, window, first)


@inlined_in_python
def count_with_misses(neuron_state, circuit, layer, window, first):
    """Count this step's spikes but for those that the accumulators miss. Returns how many they miss."""
    miss_state = neuron_state.miss_state
    lost = accumulate_with_misses(neuron_state.count, neuron_state.spiked, miss_state.before, circuit.accumulator_full)
    if lost > 0:
        draw_next_miss(miss_state, circuit, layer, window, first)
    return lost


@inlined_in_python
def draw_next_miss(miss_state, circuit, layer, window, first):
    """After some of the neurons from `first` on have missed a spike."""
    _draw_again(miss_state, circuit.miss_probability, circuit.missed_per_log, circuit.missed_key, layer, window, first)


@outlined
def _draw(miss_state, missed, per_log, key, layer, window, first):
    words_of_four_steps(miss_state.words, (key[0], key[1]), window, layer, 0, first)
    words, before = miss_state.words[0], miss_state.before
    for i in range(len(before)):
        before[i] = _spikes_before_miss(words[i], missed[i], per_log[i])
        miss_state.so_far[i] = np.int32(0)


@outlined
def _draw_again(miss_state, missed, per_log, key, layer, window, first):
    """For those that have just missed one."""
    before, one_word = miss_state.before, miss_state.one_word
    for i in range(len(before)):
        if before[i] < _ZERO:
            miss_state.so_far[i] += np.int32(1)
            k = miss_state.so_far[i]
            words_of_four_steps(one_word, (key[0], key[1]), window, layer, k // 4, first + i)
            before[i] = _spikes_before_miss(one_word[k % 4, 0], missed[i], per_log[i])
