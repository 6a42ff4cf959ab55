"""Spikes that accumulators miss: how many spikes come before the next missed one is drawn, rather than each one's luck.

If each spike is missed with probability p, that number is geometric: floor(ln(u) / ln(1 - p)), u uniform on (0, 1]. It
is drawn at the start of a window and after each miss, the k-th time from word k of (die, window, layer, neuron).
"""

from __future__ import annotations

import numpy as np

from chipsim.kernel.counters import accumulate_with_misses
from chipsim.random.philox import natural_log, words_of_four_steps
from chipsim.simd.kernel import inlined_stage, rare_stage, stage

_ZERO = np.float32(0)
_ONE = np.float32(1)


@stage
def _spikes_before_miss(word, missed, per_log):
    u = np.float32(np.int32(word >> np.uint32(8)) + np.int32(1)) * np.float32(2.0**-24)
    return np.floor(natural_log(u) * per_log) if missed > _ZERO else np.float32(np.inf)


@inlined_stage
def start_missing(missing, circuit, layer, window, first):
    """At the start of a window: draw when each of the neurons from `first` on misses a spike."""
    _draw(missing, circuit.missed, circuit.missed_per_log, circuit.missed_key, layer, window, first)


@inlined_stage
def count_with_misses(columns, circuit, layer, window, first):
    """Count this step's spikes but for those that the accumulators miss. Returns how many they miss."""
    missing = columns.missing
    lost = accumulate_with_misses(columns.count, columns.spiked, missing.before, circuit.accumulator_full)
    if lost > 0:
        draw_next_miss(missing, circuit, layer, window, first)
    return lost


@inlined_stage
def draw_next_miss(missing, circuit, layer, window, first):
    """After some of the neurons from `first` on have missed a spike."""
    _draw_again(missing, circuit.missed, circuit.missed_per_log, circuit.missed_key, layer, window, first)


@rare_stage
def _draw(missing, missed, per_log, key, layer, window, first):
    words_of_four_steps(missing.words, (key[0], key[1]), window, layer, 0, first)
    words, before = missing.words[0], missing.before
    for i in range(len(before)):
        before[i] = _spikes_before_miss(words[i], missed[i], per_log[i])
        missing.so_far[i] = np.int32(0)


@rare_stage
def _draw_again(missing, missed, per_log, key, layer, window, first):
    """For those that have just missed one."""
    before, one_word = missing.before, missing.one_word
    for i in range(len(before)):
        if before[i] < _ZERO:
            missing.so_far[i] += np.int32(1)
            k = missing.so_far[i]
            words_of_four_steps(one_word, (key[0], key[1]), window, layer, k // 4, first + i)
            before[i] = _spikes_before_miss(one_word[k % 4, 0], missed[i], per_log[i])
