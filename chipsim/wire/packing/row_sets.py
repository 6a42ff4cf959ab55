"""Sets of rows, coded in the shortest of four ways. Compiled; the layouts are in PROTOCOL.md.

ALL: every row. BITMAP: a bit per row. NESTED: a bit per byte of that bitmap, then those bytes that are not zero. GAPS:
Rice codes of how many rows are skipped before each member: gap >> k zeros, a one, the k low bits of the gap.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from chipsim.simd import LANES, inlined, marked, store_chosen
from chipsim.wire.packing.words import SLACK, load_word, store_half

ALL, BITMAP, NESTED, GAPS = 0, 1, 2, 3
MOST_RICE = 15
_ANY_BIT = np.uint16(0xFFFF)
_WIDTH = np.uint64(LANES)


class SetRoom(NamedTuple):
    """Where a set of rows is listed. n: rows of the layer, rounded up to whole vectors."""

    numbers: Any  # (n,): 0, 1, 2 and so on, of the type of rows
    members: Any  # (n + LANES,) of the same type: the set, ascending
    bitmap: Any  # (n / 8 + SLACK,) uint8


def set_room(n_rows: int, row_type: Any) -> SetRoom:
    """Room for sets of a layer's rows."""
    n = -(-n_rows // LANES) * LANES
    return SetRoom(np.arange(n, dtype=row_type), np.empty(n + LANES, row_type), np.zeros(n // 8 + SLACK, np.uint8))


@inlined
def bit_length(value):
    """Bits of a non-negative number; 0 of 0."""
    bits = np.int64(0)
    while value >> bits:
        bits += 1
    return bits


@inlined
def list_marked(words, room):
    """Fill members and bitmap with the rows whose word is not zero; returns how many. words: (n,) uint16."""
    n = np.uint64(0)
    for v in range(np.uint64(0), np.uint64(len(room.numbers)), _WIDTH):
        mask = marked(words, v, _ANY_BIT)
        byte = v >> np.uint64(3)
        room.bitmap[byte] = np.uint8(mask)
        room.bitmap[byte + np.uint64(1)] = np.uint8(mask >> np.uint16(8))
        n = store_chosen(room.members, n, room.numbers, v, mask)
    return np.int64(n)


@inlined
def _list_bitmap(room, n_rows):
    """Fill members from the bitmap; returns how many, or -1 if there is a row that the layer has not."""
    n = np.uint64(0)
    for v in range(np.uint64(0), np.uint64(len(room.numbers)), _WIDTH):
        byte = v >> np.uint64(3)
        mask = np.uint16(room.bitmap[byte]) | np.uint16(room.bitmap[byte + np.uint64(1)]) << np.uint16(8)
        n = store_chosen(room.members, n, room.numbers, v, mask)
    if n > np.uint64(0) and np.int64(room.members[n - np.uint64(1)]) >= n_rows:
        return np.int64(-1)
    return np.int64(n)


@inlined
def _bytes_in_use(bitmap, n_bytes):
    used = np.int32(0)
    for i in range(np.uint64(n_bytes)):
        used += np.int32(bitmap[i] != np.uint8(0))
    return np.int64(used)


@inlined
def _rice_parameter(n, n_rows):
    """A good parameter for n of n_rows rows: 2^k is about 0.7 of the mean gap."""
    mean_gap = (n_rows - n) * 7 // (10 * max(n, 1))
    return min(max(bit_length(mean_gap) - 1, np.int64(0)), np.int64(MOST_RICE))


@inlined
def _gap_bits(members, n, n_rows, k):
    """What a set takes as gaps: its size in as many bits as n_rows has, then the codes."""
    bits = np.uint32(members[0]) >> np.uint32(k) if n > 0 else np.uint32(0)
    for j in range(np.uint64(1), np.uint64(n)):
        bits += (np.uint32(members[j]) - np.uint32(members[j - np.uint64(1)]) - np.uint32(1)) >> np.uint32(k)
    return bit_length(n_rows) + n * (k + 1) + np.int64(bits)


@inlined
def set_form(room, n, n_rows):
    """The shortest way to code a listed set of n members: (which, Rice parameter, bytes)."""
    n_bytes = np.int64((n_rows + 7) >> 3)
    if n == n_rows:
        return np.int64(ALL), np.int64(0), np.int64(0)
    nested = ((n_bytes + 7) >> 3) + _bytes_in_use(room.bitmap, n_bytes)
    shortest = min(n_bytes, nested)
    k = _rice_parameter(n, n_rows)
    if n * (k + 1) < 8 * shortest:
        bits = _gap_bits(room.members, n, n_rows, k)
        if bits <= 8 * (shortest - 1):
            return np.int64(GAPS), k, (bits + 7) >> 3
    if nested < n_bytes:
        return np.int64(NESTED), np.int64(0), nested
    return np.int64(BITMAP), np.int64(0), n_bytes


@inlined
def put_set(data, at, room, n, n_rows, pattern):
    """Write a window's first byte and its set of n members. Returns the place after; spoils up to SLACK bytes more."""
    kind, k, n_bytes = set_form(room, n, n_rows)
    data[at] = np.uint8(kind | pattern << 2 | k << 4)
    at += np.int64(1)
    if kind == GAPS:
        return _put_gaps(data, at, room.members, n, n_rows, k)
    if kind == NESTED:
        return _put_nested(data, at, room.bitmap, (n_rows + 7) >> 3)
    for i in range(np.uint64(n_bytes)):  # none if all are members
        data[np.uint64(at) + i] = room.bitmap[i]
    return at + n_bytes


@inlined
def _put_nested(data, at, bitmap, n_bytes):
    places = np.uint64(at)
    following = places + np.uint64((n_bytes + 7) >> 3)
    for i in range(places, following):
        data[i] = np.uint8(0)
    for i in range(np.uint64(n_bytes)):
        used = np.uint8(bitmap[i] != np.uint8(0))
        data[places + (i >> np.uint64(3))] |= used << np.uint8(i & np.uint64(7))
        data[following] = bitmap[i]
        following += np.uint64(used)
    return np.int64(following)


@inlined
def _put_gaps(data, at, members, n, n_rows, k):
    held = np.uint64(n)
    n_held = np.uint64(bit_length(n_rows))
    following = np.uint64(0)
    for j in range(np.uint64(n)):
        gap = np.uint64(members[j]) - following
        following = np.uint64(members[j]) + np.uint64(1)
        n_held += gap >> np.uint64(k)
        while n_held >= np.uint64(32):
            store_half(data, at, held)
            at += np.int64(4)
            held >>= np.uint64(32)
            n_held -= np.uint64(32)
        low = gap & ((np.uint64(1) << np.uint64(k)) - np.uint64(1))
        held |= ((low << np.uint64(1)) | np.uint64(1)) << n_held
        n_held += np.uint64(k + 1)
    while n_held >= np.uint64(32):
        store_half(data, at, held)
        at += np.int64(4)
        held >>= np.uint64(32)
        n_held -= np.uint64(32)
    store_half(data, at, held)
    return at + np.int64((n_held + np.uint64(7)) >> np.uint64(3))


@inlined
def get_set(data, at, stop, room, n_rows, most):
    """Read a window's first byte and fill members. Returns (pattern, how many, the place after).

    How many is -1 if the bytes end at `stop` before the set does, if it has more than `most` members, or a row that
    the layer has not.
    """
    if at >= stop:
        return np.int64(0), np.int64(-1), at
    form = np.int64(data[at])
    kind, pattern, k = form & 3, form >> 2 & 3, form >> 4
    at += np.int64(1)
    if kind == GAPS:
        n, at = _get_gaps(data, at, stop, room.members, n_rows, k, most)
        return pattern, n, at
    n = np.int64(-1)
    if k != 0:
        return pattern, n, at
    if kind == ALL:
        if n_rows <= most:
            n = np.int64(n_rows)
            for j in range(np.uint64(n_rows)):
                room.members[j] = room.numbers[j]
        return pattern, n, at
    n_bytes = (n_rows + 7) >> 3
    if kind == BITMAP:
        after = at + n_bytes
        if after <= stop:
            for i in range(np.uint64(n_bytes)):
                room.bitmap[i] = data[np.uint64(at) + i]
    else:
        after = _get_nested(data, at, stop, room.bitmap, n_bytes)
    if after <= stop:
        n = _list_bitmap(room, n_rows)
    return pattern, n if n <= most else np.int64(-1), after


@inlined
def _get_nested(data, at, stop, bitmap, n_bytes):
    """Fill the bitmap; returns the place after, which is beyond stop if the bytes do not suffice."""
    places = np.uint64(at)
    following = places + np.uint64((n_bytes + 7) >> 3)
    if following > np.uint64(stop):
        return np.int64(following)
    for i in range(np.uint64(n_bytes)):
        used = np.uint64(data[places + (i >> np.uint64(3))] >> np.uint8(i & np.uint64(7))) & np.uint64(1)
        bitmap[i] = data[min(following, np.uint64(stop))] if used else np.uint8(0)
        following += used
    return np.int64(following)


@inlined
def _get_gaps(data, at, stop, members, n_rows, k, most):
    """Fill members; returns (how many, the place after), or (-1, at) if codes or rows go beyond the last."""
    end = np.int64(8) * stop
    bit = np.int64(8) * at
    size_bits = bit_length(n_rows)
    n = np.int64(load_word(data, at) & ((np.uint64(1) << np.uint64(size_bits)) - np.uint64(1)))
    bit += size_bits
    if bit > end or n > min(n_rows, most):
        return np.int64(-1), at
    low_mask = (np.uint64(1) << np.uint64(k)) - np.uint64(1)
    following = np.int64(0)
    for j in range(np.uint64(n)):
        zeros = np.int64(0)
        code = load_word(data, bit >> 3) >> np.uint64(bit & 7)
        while code == np.uint64(0):  # no one in at least 57 bits
            zeros += np.int64(64) - (bit & 7)
            bit += np.int64(64) - (bit & 7)
            if bit >= end:
                return np.int64(-1), at
            code = load_word(data, bit >> 3)
        while code & np.uint64(1) == np.uint64(0):
            code >>= np.uint64(1)
            zeros += np.int64(1)
            bit += np.int64(1)
        bit += np.int64(1)
        if bit > end:
            return np.int64(-1), at
        low = (load_word(data, bit >> 3) >> np.uint64(bit & 7)) & low_mask
        bit += k
        row = following + (zeros << k) + np.int64(low)
        if bit > end or row >= n_rows:
            return np.int64(-1), at
        members[j] = row
        following = row + np.int64(1)
    return n, (bit + 7) >> 3
