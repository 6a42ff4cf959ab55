"""Spikes that accumulators miss: how many spikes come before the next missed one is drawn, rather than each one's luck.

If each spike is missed with probability p, that number is geometric: floor(ln(u) / ln(1 - p)), u uniform on (0, 1]. It
is drawn at the start of a window and after each miss, the k-th time from word k of (die, window, layer, neuron).
"""

from __future__ import annotations

import numpy as np

from chipsim.jit import rare_stage, stage
from learning_circuit.accumulator import accumulate_with_misses
from nonideality.counter_rng import natural_log, words_of_four_steps

_ZERO = np.float32(0)
_ONE = np.float32(1)


@stage
def _spikes_before_miss(word, missed, per_log):
    u = np.float32(np.int32(word >> np.uint32(8)) + np.int32(1)) * np.float32(2.0**-24)
    return np.floor(natural_log(u) * per_log) if missed > _ZERO else np.float32(np.inf)


@rare_stage
def start_missing(columns, circuit, layer, window, first):
    """At the start of a window: draw when each of the neurons from `first` on misses a spike."""
    words_of_four_steps(columns.words, (circuit.missed_key[0], circuit.missed_key[1]), window, layer, 0, first)
    words, before, missed, per_log = columns.words[0], columns.before_miss, circuit.missed, circuit.missed_per_log
    for i in range(len(before)):
        before[i] = _spikes_before_miss(words[i], missed[i], per_log[i])
        columns.n_missed[i] = np.int32(0)


@rare_stage
def count_with_misses(columns, circuit, layer, window, first):
    """Count this step's spikes but for those that the accumulators miss. Returns how many they miss."""
    before = columns.before_miss
    lost = accumulate_with_misses(columns.count, columns.spiked, before, circuit.accumulator_full)
    if lost > 0:
        key = (circuit.missed_key[0], circuit.missed_key[1])
        for i in range(len(before)):
            if before[i] < _ZERO:
                columns.n_missed[i] += np.int32(1)
                k = columns.n_missed[i]
                words_of_four_steps(columns.one_word, key, window, layer, k // 4, first + i)
                before[i] = _spikes_before_miss(
                    columns.one_word[k % 4, 0], circuit.missed[i], circuit.missed_per_log[i]
                )
    return lost
