"""The host link in plain Python: one bit after the other, as `chipsim.die.link` describes it."""

import math

import numpy as np
from reference_random import MASK, philox_words

from chipsim.random import natural_log
from nonideality import stream_key


def flipped_bits(die_seed, site, rate, layer, window, n_bits):
    """Which of a window's first `n_bits` bits arrive flipped: gaps between them are geometric."""
    window, key = int(window), [int(word) for word in stream_key("host link", die_seed, site)]
    flips, bit, drawn = set(), -1, 0
    while True:
        word = philox_words((drawn, 0, window & MASK, (window >> 32) << 16 | layer), key)[0]
        u = np.float32(((word >> 8) + 1) / 2**24)
        bit += 1 + math.floor(float(natural_log(u)) * float(1 / np.log1p(-rate)))
        drawn += 1
        if bit >= n_bits:
            return flips
        flips.add(bit)


def received_steps(steps, n_in, rate, die_seed, window):
    """What arrives of a window's steps, each a list of (row, amplitude), and how many events do not arrive.

    Of these first those with the address of no row, then those with one that another event of the step has.
    """
    bits = max(1, math.ceil(math.log2(n_in)))
    flips = flipped_bits(die_seed, "spikes", rate, 0, window, bits * sum(map(len, steps)))
    arrived, off_array, merged, word = [], 0, 0, 0
    for events in steps:
        rows = {}
        for row, amplitude in events:
            for bit in range(bits):
                row ^= (word * bits + bit in flips) << bit
            word += 1
            if row >= n_in:
                off_array += 1
            elif row in rows:
                merged += 1
            else:
                rows[row] = amplitude
        arrived.append(sorted(rows.items()))
    return arrived, off_array, merged


def received_targets(targets, bits, rate, die_seed, layer, window):
    """What arrives of one layer's targets (n_out,) in a window: words of `bits` bits, some of them flipped."""
    flips = flipped_bits(die_seed, "targets", rate, layer, window, bits * len(targets)) if rate else ()
    arrived = targets.copy()
    for i, target in enumerate(targets):
        mask = sum(1 << bit for bit in range(bits) if bits * i + bit in flips)
        word = min(max(math.floor(float(target) * 2 ** (bits - 1) + 0.5), 0), 2**bits - 1)
        arrived[i] = np.float32((word ^ mask) / 2 ** (bits - 1))
    return arrived
