"""The loops behind `events`: one window after another, to bytes and back. Compiled; the layout is in PROTOCOL.md.

Packing trusts its room, which `events` sizes. Unpacking trusts nothing: it checks what a window announces against the
bytes that its group has left and the room that there is, before it reads or writes.
"""

from __future__ import annotations

import numpy as np

from chipsim.jit import kernel, stage
from chipsim.wire.row_sets import (
    ALL,
    BITMAP,
    GAPS,
    bit_length,
    get_bitmap,
    get_gaps,
    put_bitmap,
    put_gaps,
    rice_bits,
    rice_parameter,
)
from chipsim.wire.words import SLACK, bytes_of_words, get_words, load_word, put_words, store_half
from learning_circuit.masks import population

GROUP = 64  # windows whose common end stands in the head: where threads may start
PLANE = 16  # steps of a word of spikes
FITS = -1
WORDS, ONE_STEP, STEPS = 0, 1, 2  # how the spikes of active rows are coded
_bytes_of = stage(bytes_of_words)


@stage
def _ascending(rows, first, stop, n_rows):
    """Whether rows[first:stop] are ascending numbers from 0 to n_rows - 1, each at most once."""
    if first == stop:
        return True
    wrong = np.int32(0)
    for k in range(first + 1, stop):
        wrong += np.int32(rows[k] <= rows[k - 1])
    return wrong == 0 and rows[first] >= 0 and rows[stop - 1] < n_rows


@stage
def _put_set(data, at, members, n, n_rows, pattern):
    """The first byte of a window and its set of rows. Returns the place after."""
    if n == n_rows:
        data[at] = np.uint8(ALL | pattern << 2)
        return at + 1
    bitmap = (n_rows + 7) & ~7
    k = rice_parameter(n, n_rows)
    if n * (k + 1) < bitmap and rice_bits(members, n, n_rows, k) <= bitmap - 8:
        data[at] = np.uint8(GAPS | pattern << 2 | k << 4)
        return put_gaps(data, at + 1, members, n, n_rows, k)
    data[at] = np.uint8(BITMAP | pattern << 2)
    return put_bitmap(data, at + 1, members, n, n_rows)


@stage
def _get_set(data, at, stop, members, n_rows):
    """Returns (how the spikes are coded, how many rows, the place after); a negative number of rows is an error."""
    if at >= stop:
        return np.int64(0), np.int64(-1), at
    form = np.int64(data[at])
    kind, pattern, k = form & 3, form >> 2 & 3, form >> 4
    at += 1
    n = np.int64(-1)
    if kind == ALL and k == 0:
        n = np.int64(n_rows)
        for row in range(n_rows):
            members[row] = row
    elif kind == BITMAP and k == 0:
        n, at = get_bitmap(data, at, stop, members, n_rows)
    elif kind == GAPS:
        n, at = get_gaps(data, at, stop, members, n_rows, k)
    return pattern, n, at


@stage
def _step_bits(n_steps):
    """Bits of a step's number."""
    return bit_length(n_steps - 1)


@stage
def _plane_bits(n_steps, plane):
    return min(np.int64(PLANE), n_steps - PLANE * plane)


@stage
def _words_bytes(n, n_steps):
    full, rest = n_steps // PLANE, n_steps % PLANE
    return full * 2 * n + _bytes_of(n, rest)


@kernel
def pack_spikes(rows, begin, end, n_rows, active, words, chosen, place, found, data, ends):
    """Write all windows to data and the ends of groups to ends. Returns bytes used, or -1 if rows do not ascend.

    words: (planes, n_rows) uint16, all zero before and after; active: (n_rows,) of the type of rows; chosen: (n_rows,)
    uint16, place: (n_rows,) int32 and found: (most events of a window,) uint16 are room.
    """
    n_windows, n_steps = begin.shape
    n_planes = len(words)
    at = np.int64(0)
    for s in range(n_windows):
        mine = rows[s]
        n_events = np.int64(0)
        for t in range(n_steps):
            first, stop = np.int64(begin[s, t]), np.int64(end[s, t])
            if not _ascending(mine, first, stop, n_rows):
                return np.int64(-1)
            n_events += stop - first
            plane = words[t // PLANE]
            bit = np.uint16(1 << (t % PLANE))
            for k in range(first, stop):
                plane[mine[k]] |= bit
        n = np.int64(0)
        for row in range(n_rows):
            active[n] = row
            some = words[0, row]
            for p in range(1, n_planes):
                some |= words[p, row]
            n += np.int64(some != 0)
        step_bits = _step_bits(n_steps)
        as_words = _words_bytes(n, n_steps)
        as_steps = _bytes_of(n, step_bits) + _bytes_of(n_events, step_bits)
        if n_events == n and _bytes_of(n, step_bits) < as_words:
            at = _put_set(data, at, active, n, n_rows, ONE_STEP)
            for t in range(n_steps):
                for k in range(begin[s, t], end[s, t]):
                    place[mine[k]] = t
            for j in range(n):
                chosen[j] = np.uint16(place[active[j]])
            at = put_words(data, at, chosen, n, step_bits)
        elif as_steps < as_words:
            at = _put_set(data, at, active, n, n_rows, STEPS)
            at = _put_steps(data, at, mine, begin[s], end[s], active, n, n_events, chosen, place, found, step_bits)
        else:
            at = _put_set(data, at, active, n, n_rows, WORDS)
            for p in range(n_planes):
                for j in range(n):
                    chosen[j] = words[p, active[j]]
                at = put_words(data, at, chosen, n, _plane_bits(n_steps, p))
        for p in range(n_planes):
            for j in range(n):
                words[p, active[j]] = np.uint16(0)
        ends[s // GROUP] = at
    return at


@stage
def _put_steps(data, at, rows, begin, end, active, n, n_events, chosen, place, found, step_bits):
    """How often each active row spikes, less one, and the numbers of the steps, row after row."""
    for j in range(n):
        place[active[j]] = 0
    for t in range(len(begin)):
        for k in range(begin[t], end[t]):
            place[rows[k]] += 1
    following = np.int64(0)
    for j in range(n):
        count = place[active[j]]
        chosen[j] = np.uint16(count - 1)
        place[active[j]] = following
        following += count
    for t in range(len(begin)):
        for k in range(begin[t], end[t]):
            found[place[rows[k]]] = np.uint16(t)
            place[rows[k]] += 1
    at = put_words(data, at, chosen, n, step_bits)
    return put_words(data, at, found, n_events, step_bits)


@kernel
def unpack_spikes(data, ends, start, stop, n_rows, capacity, active, words, found, rows, begin, end):
    """Fill the windows of groups start .. stop - 1. Returns FITS, or the number of the first window that is wrong.

    active: (n_rows + LANES,) of the type of rows, words: (planes, n_rows + LANES) uint16 and found: (2, capacity +
    LANES) uint16 are room; rows: (S, capacity + LANES).
    """
    n_windows, n_steps = begin.shape
    for group in range(start, stop):
        at = np.int64(ends[group - 1]) if group > 0 else np.int64(0)
        limit = np.int64(ends[group])
        last = min(n_windows, (group + 1) * GROUP)
        for s in range(group * GROUP, last):
            if not at <= limit <= len(data) - SLACK:
                return np.int64(s)
            pattern, n, at = _get_set(data, at, limit, active, n_rows)
            if n < 0:
                return np.int64(s)
            if pattern == WORDS:
                after = at + _words_bytes(n, n_steps)
                if after > limit or not _take_words(
                    data, at, active, n, n_steps, capacity, words, rows[s], begin[s], end[s]
                ):
                    return np.int64(s)
            else:
                after = _take_steps(
                    data, at, limit, active, n, pattern, n_steps, capacity, found, rows[s], begin[s], end[s]
                )
                if after < 0:
                    return np.int64(s)
            at = after
        if at != limit:
            return np.int64(last - 1)
    return np.int64(FITS)


@stage
def _take_words(data, at, active, n, n_steps, capacity, words, rows, begin, end):
    """A window whose spikes are words. Returns whether its events fit."""
    n_events = np.int64(0)
    for p in range(len(words)):
        at = get_words(data, at, words[p], n, _plane_bits(n_steps, p))
        for j in range(n):
            n_events += np.int64(population(words[p, j]))
    if n_events > capacity:
        return False
    k = np.int64(0)
    for t in range(n_steps):
        begin[t] = k
        plane = words[t // PLANE]
        shift = np.uint16(t % PLANE)
        for j in range(n):
            rows[k] = active[j]
            k += np.int64((plane[j] >> shift) & np.uint16(1))
        end[t] = k
    return True


@stage
def _take_steps(data, at, limit, active, n, pattern, n_steps, capacity, found, rows, begin, end):
    """A window whose spikes are numbers of steps. Returns the place after, or -1 if it is wrong."""
    bits = _step_bits(n_steps)
    counts, steps = found[0], found[1]
    n_events = n
    if n > capacity or pattern > STEPS:
        return np.int64(-1)
    if pattern == STEPS:
        if at + _bytes_of(n, bits) > limit:
            return np.int64(-1)
        at = get_words(data, at, counts, n, bits)
        for j in range(n):
            n_events += np.int64(counts[j])
    else:
        counts[:n] = np.uint16(0)
    if n_events > capacity or at + _bytes_of(n_events, bits) > limit:
        return np.int64(-1)
    at = get_words(data, at, steps, n_events, bits)
    end[:] = 0
    k = np.int64(0)
    for j in range(n):
        before = np.int64(-1)
        for _ in range(np.int64(counts[j]) + 1):
            t = np.int64(steps[k])
            if t >= n_steps or t <= before:
                return np.int64(-1)
            end[t] += 1
            before = t
            k += 1
    total = np.int32(0)
    for t in range(n_steps):
        begin[t] = total
        total += end[t]
        end[t] = begin[t]
    k = np.int64(0)
    for j in range(n):
        for _ in range(np.int64(counts[j]) + 1):
            t = np.int64(steps[k])
            rows[end[t]] = active[j]
            end[t] += 1
            k += 1
    return at


@kernel
def amplitudes_fit(begin, end, amplitude, bits, unit):
    """Whether every amplitude in use is a whole number from 1 to 2^bits times unit, exactly."""
    per_unit = np.float32(1) / unit
    top = np.float32(np.int64(1) << bits)
    for s in range(len(amplitude)):
        odd = np.int32(0)
        for k in range(begin[s, 0], end[s, 0]):
            x = amplitude[s, k]
            number = np.floor(x * per_unit + np.float32(0.5))
            odd += np.int32(not (number >= np.float32(1) and number <= top and number * unit == x))
        if odd:
            return False
    return True


@kernel
def pack_currents(rows, begin, end, amplitude, as_bits, n_rows, bits, unit, words, data, ends):
    """As `pack_spikes`, for constant currents. as_bits: `amplitude` as uint32; words: (n_rows,) uint16 is room.

    bits, unit: of a word, see `amplitudes_fit`; 32 bits: the float32 itself.
    """
    per_unit = np.float32(0) if bits == 32 else np.float32(1) / unit
    at = np.int64(0)
    for s in range(len(amplitude)):
        first, stop = np.int64(begin[s, 0]), np.int64(end[s, 0])
        if not _ascending(rows[s], first, stop, n_rows):
            return np.int64(-1)
        n = stop - first
        at = _put_set(data, at, rows[s, first:stop], n, n_rows, WORDS)
        if bits == 32:
            for j in range(first, stop):
                store_half(data, at, np.uint64(as_bits[s, j]))
                at += 4
        else:
            for j in range(n):
                words[j] = np.uint16(np.floor(amplitude[s, first + j] * per_unit + np.float32(0.5)) - np.float32(1))
            at = put_words(data, at, words, n, bits)
        ends[s // GROUP] = at
    return at


@kernel
def unpack_currents(
    data, ends, start, stop, n_rows, bits, unit, capacity, active, words, rows, begin, end, amplitude, as_bits
):
    """As `unpack_spikes`, for constant currents; the rest as in `pack_currents`."""
    for group in range(start, stop):
        at = np.int64(ends[group - 1]) if group > 0 else np.int64(0)
        limit = np.int64(ends[group])
        last = min(len(begin), (group + 1) * GROUP)
        for s in range(group * GROUP, last):
            if not at <= limit <= len(data) - SLACK:
                return np.int64(s)
            pattern, n, at = _get_set(data, at, limit, active, n_rows)
            if n < 0 or pattern != WORDS or n > capacity or at + _bytes_of(n, bits) > limit:
                return np.int64(s)
            if bits == 32:
                for j in range(n):
                    as_bits[s, j] = np.uint32(load_word(data, at) & np.uint64(0xFFFFFFFF))
                    at += 4
            else:
                at = get_words(data, at, words, n, bits)
                for j in range(n):
                    amplitude[s, j] = (np.float32(words[j]) + np.float32(1)) * unit
            for j in range(n):
                rows[s, j] = active[j]
            begin[s, :] = 0
            end[s, :] = n
        if at != limit:
            return np.int64(last - 1)
    return np.int64(FITS)
