"""Sets of rows: a bitmap, or the gaps between its members in Rice codes. Compiled.

A gap is the number of rows skipped before a member. Its Rice code of parameter k, lowest bit first: gap >> k zeros, a
one, the k low bits of the gap.
"""

from __future__ import annotations

import numpy as np

from chipsim.jit import stage
from chipsim.wire.words import load_word, store_half

ALL, BITMAP, GAPS = 0, 1, 2  # how a set is coded
MOST_RICE = 15


@stage
def bit_length(value):
    """Bits of a non-negative number; 0 of 0."""
    bits = np.int64(0)
    while value >> bits:
        bits += 1
    return bits


@stage
def rice_parameter(n, n_rows):
    """A good parameter for n of n_rows rows: 2^k is about 0.7 of the mean gap."""
    mean_gap = (n_rows - n) * 7 // (10 * max(n, 1))
    return min(max(bit_length(mean_gap) - 1, np.int64(0)), np.int64(MOST_RICE))


@stage
def rice_bits(members, n, n_rows, k):
    """What a set takes as gaps: its size in as many bits as n_rows has, then the codes."""
    bits = bit_length(n_rows) + n * (k + 1)
    following = np.int64(0)
    for j in range(n):
        bits += (np.int64(members[j]) - following) >> k
        following = np.int64(members[j]) + 1
    return bits


@stage
def put_bitmap(data, at, members, n, n_rows):
    """Returns the place after."""
    stop = at + ((n_rows + 7) >> 3)
    data[at:stop] = np.uint8(0)
    for j in range(n):
        row = np.int64(members[j])
        data[at + (row >> 3)] |= np.uint8(1) << np.uint8(row & 7)
    return stop


@stage
def put_gaps(data, at, members, n, n_rows, k):
    """Returns the place after. Spoils up to SLACK bytes more."""
    held = np.uint64(n)
    n_held = np.uint64(bit_length(n_rows))
    following = np.int64(0)
    for j in range(n):
        gap = np.uint64(np.int64(members[j]) - following)
        following = np.int64(members[j]) + 1
        zeros = gap >> np.uint64(k)
        n_held += zeros
        while n_held >= np.uint64(32):
            store_half(data, at, held)
            at += np.int64(4)
            held >>= np.uint64(32)
            n_held -= np.uint64(32)
        low = gap & ((np.uint64(1) << np.uint64(k)) - np.uint64(1))
        held |= ((low << np.uint64(1)) | np.uint64(1)) << n_held
        n_held += np.uint64(k + 1)
        if n_held >= np.uint64(32):
            store_half(data, at, held)
            at += np.int64(4)
            held >>= np.uint64(32)
            n_held -= np.uint64(32)
    store_half(data, at, held)
    return at + np.int64((n_held + np.uint64(7)) >> np.uint64(3))


@stage
def get_bitmap(data, at, stop, members, n_rows):
    """Fill members; returns (how many, the place after), or (-1, at) if the bitmap does not fit."""
    n_bytes = (n_rows + 7) >> 3
    if at + n_bytes > stop:
        return np.int64(-1), at
    n = np.int64(0)
    for i in range(n_bytes):
        bits = np.int64(data[at + i])
        row = np.int64(8 * i)
        for b in range(8):
            if row + b < n_rows:
                members[n] = row + b
                n += (bits >> b) & 1
            elif (bits >> b) & 1:
                return np.int64(-1), at
    return n, at + n_bytes


@stage
def get_gaps(data, at, stop, members, n_rows, k):
    """Fill members; returns (how many, the place after), or (-1, at) if codes or rows go beyond the last."""
    end = 8 * stop
    bit = 8 * at
    size_bits = bit_length(n_rows)
    if bit + size_bits > end:
        return np.int64(-1), at
    low_mask = (np.uint64(1) << np.uint64(k)) - np.uint64(1)
    n = np.int64(load_word(data, at) & ((np.uint64(1) << np.uint64(size_bits)) - np.uint64(1)))
    bit += size_bits
    if n > n_rows:
        return np.int64(-1), at
    following = np.int64(0)
    for j in range(n):
        zeros = np.int64(0)
        while bit < end and (data[bit >> 3] >> np.uint8(bit & 7)) & np.uint8(1) == 0:
            zeros += 1
            bit += 1
        bit += 1
        if bit + k > end:
            return np.int64(-1), at
        low = (load_word(data, bit >> 3) >> np.uint64(bit & 7)) & low_mask
        bit += k
        row = following + (zeros << k) + np.int64(low)
        if row >= n_rows:
            return np.int64(-1), at
        members[j] = row
        following = row + 1
    return n, (bit + 7) >> 3
