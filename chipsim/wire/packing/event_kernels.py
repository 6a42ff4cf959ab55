"""The loops behind `events`: one window after another, to bytes and back. Compiled; the layout is in PROTOCOL.md.

Packing trusts its room, which `events` sizes. Unpacking trusts nothing: it checks what a window announces against the
bytes that its group has left and the room that there is, before it reads or writes.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from chipsim.simd import LANES, inlined, kernel, marked, population, store_chosen
from chipsim.wire.packing.row_sets import SetRoom, bit_length, get_set, list_marked, put_set, set_form, set_room
from chipsim.wire.packing.words import SLACK, bytes_of_words, get_words, load_word, put_words, store_half

GROUP = 64  # windows whose common end stands in the head: where threads may start
PLANE = 16  # steps of a word of spikes
FITS = -1
EXACT_BITS = 32  # of an amplitude that travels as float32
WORDS, ONE_STEP, STEPS = 0, 1, 2  # how the spikes of active rows are coded
_bytes_of = inlined(bytes_of_words)
_LANES = np.uint64(LANES)


class Room(NamedTuple):
    """What the loops need besides what they read and write. n: rows of the layer, rounded up to whole vectors."""

    rows: SetRoom
    words: Any  # (planes, n) uint16, all zero between windows: bit t of words[p, row] is a spike at step 16 p + t
    any_word: Any  # (n,) uint16: the planes, one over the other
    chosen: Any  # (n + LANES,) uint16: what is coded of each active row
    place: Any  # (n,) int32, per row
    found: Any  # (most events of a window + LANES,) uint16


def room_for(n_rows: int, n_steps: int, most: int, row_type: Any) -> Room:
    """Room for windows of at most `most` events. n_steps: 1 for a constant current."""
    sets = set_room(n_rows, row_type)
    n = len(sets.numbers)
    return Room(
        sets,
        np.zeros((-(-n_steps // PLANE), n), np.uint16),
        np.zeros(n, np.uint16),
        np.empty(n + LANES, np.uint16),
        np.empty(n, np.int32),
        np.empty(most + LANES, np.uint16),
    )


@inlined
def _ascending(rows, first, stop, n_rows):
    """Whether rows[first:stop] are ascending numbers from 0 to n_rows - 1, each at most once."""
    if first == stop:
        return True
    wrong = np.int32(0)
    for k in range(first + np.uint64(1), stop):
        wrong += np.int32(rows[k] <= rows[k - np.uint64(1)])
    return wrong == 0 and rows[first] >= 0 and np.int64(rows[stop - np.uint64(1)]) < n_rows


@inlined
def _mark(words, rows, first, stop, bit):
    for k in range(first, stop):
        words[np.uint64(rows[k])] |= bit


@inlined
def _step_bits(n_steps):
    """Bits of a step's number."""
    return bit_length(n_steps - 1)


@inlined
def _plane_bits(n_steps, plane):
    return min(np.int64(PLANE), n_steps - PLANE * plane)


@inlined
def _words_bytes(n, n_steps):
    full, rest = n_steps // PLANE, n_steps % PLANE
    return full * 2 * n + _bytes_of(n, rest)


@inlined
def _shortest_pattern(n, n_events, n_steps):
    """How n_events spikes of n active rows are best coded: (pattern, bytes)."""
    step_bits = _step_bits(n_steps)
    as_words = _words_bytes(n, n_steps)
    as_one = _bytes_of(n, step_bits)
    if n_events == n and as_one < as_words:
        return np.int64(ONE_STEP), as_one
    as_steps = as_one + _bytes_of(n_events, step_bits)
    if as_steps < as_words:
        return np.int64(STEPS), as_steps
    return np.int64(WORDS), as_words


@kernel
def pack_spikes(rows, begin, end, n_rows, room, data, ends):
    """Write all windows to data and the ends of groups to ends. Returns bytes used, or -1 if rows do not ascend."""
    n_windows, n_steps = begin.shape
    planes = room.words
    at = np.int64(0)
    for s in range(n_windows):
        mine = rows[s]
        n_events = np.uint64(0)
        for t in range(n_steps):
            first, stop = np.uint64(begin[s, t]), np.uint64(end[s, t])
            if not _ascending(mine, first, stop, n_rows):
                return np.int64(-1)
            n_events += stop - first
            _mark(planes[np.uint64(t // PLANE)], mine, first, stop, np.uint16(1 << (t % PLANE)))
        n = _list_active(room)
        at = _put_window(data, at, room, mine, begin[s], end[s], n_rows, n, np.int64(n_events))
        planes[:] = np.uint16(0)
        ends[s // GROUP] = at
    return at


@inlined
def _list_active(room):
    """List the rows with a spike in any plane; returns how many."""
    if len(room.words) == 1:
        return list_marked(room.words[0], room.rows)
    room.any_word[:] = np.uint16(0)
    for p in range(len(room.words)):
        plane = room.words[p]
        for i in range(np.uint64(len(plane))):
            room.any_word[i] |= plane[i]
    return list_marked(room.any_word, room.rows)


@inlined
def _put_window(data, at, room, rows, begin, end, n_rows, n, n_events):
    """A window with n active rows, whose spikes are marked in room.words, in its shortest form."""
    n_steps = len(begin)
    pattern, _ = _shortest_pattern(n, n_events, n_steps)
    at = put_set(data, at, room.rows, n, n_rows, pattern)
    if pattern == ONE_STEP:
        for t in range(n_steps):
            for k in range(np.uint64(begin[t]), np.uint64(end[t])):
                room.place[np.uint64(rows[k])] = t
        for j in range(np.uint64(n)):
            room.chosen[j] = np.uint16(room.place[np.uint64(room.rows.members[j])])
        return put_words(data, at, room.chosen, n, _step_bits(n_steps))
    if pattern == STEPS:
        return _put_steps(data, at, room, rows, begin, end, n, n_events)
    for p in range(len(room.words)):
        plane = room.words[p]
        for j in range(np.uint64(n)):
            room.chosen[j] = plane[np.uint64(room.rows.members[j])]
        at = put_words(data, at, room.chosen, n, _plane_bits(n_steps, p))
    return at


@inlined
def _put_steps(data, at, room, rows, begin, end, n, n_events):
    """How often each active row spikes, less one, and the numbers of the steps, row after row."""
    place, members = room.place, room.rows.members
    for j in range(np.uint64(n)):
        place[np.uint64(members[j])] = 0
    for t in range(len(begin)):
        for k in range(np.uint64(begin[t]), np.uint64(end[t])):
            place[np.uint64(rows[k])] += np.int32(1)
    following = np.int32(0)
    for j in range(np.uint64(n)):
        count = place[np.uint64(members[j])]
        room.chosen[j] = np.uint16(count - 1)
        place[np.uint64(members[j])] = following
        following += count
    for t in range(len(begin)):
        for k in range(np.uint64(begin[t]), np.uint64(end[t])):
            row = np.uint64(rows[k])
            room.found[np.uint64(place[row])] = np.uint16(t)
            place[row] += np.int32(1)
    bits = _step_bits(len(begin))
    at = put_words(data, at, room.chosen, n, bits)
    return put_words(data, at, room.found, n_events, bits)


@kernel
def measure_events(rows, begin, end, n_rows, amplitude_bits, room):
    """Bytes that `pack_spikes` would use, or `pack_currents` if amplitude_bits is not 0. Rows must ascend."""
    n_windows, n_steps = begin.shape
    active = room.words[0]
    total = np.int64(0)
    for s in range(n_windows):
        mine = rows[s]
        n_events = np.uint64(0)
        for t in range(1 if amplitude_bits else n_steps):
            first, stop = np.uint64(begin[s, t]), np.uint64(end[s, t])
            n_events += stop - first
            for k in range(first, stop):
                active[np.uint64(mine[k])] = np.uint16(1)
        n = list_marked(active, room.rows)
        active[:] = np.uint16(0)
        _, _, n_bytes = set_form(room.rows, n, n_rows)
        total += np.int64(1) + n_bytes
        if amplitude_bits:
            total += _bytes_of(n, amplitude_bits)
        else:
            _, n_bytes = _shortest_pattern(n, np.int64(n_events), n_steps)
            total += n_bytes
    return total


@kernel
def unpack_spikes(data, ends, start, stop, n_rows, capacity, room, rows, begin, end):
    """Fill the windows of groups start .. stop - 1. Returns FITS, or the number of the first window that is wrong.

    rows: (S, capacity + LANES); the rest as in `Events`.
    """
    n_windows, n_steps = begin.shape
    for group in range(start, stop):
        at = np.int64(ends[group - 1]) if group > 0 else np.int64(0)
        limit = np.int64(ends[group])
        last = min(n_windows, (group + 1) * GROUP)
        for s in range(group * GROUP, last):
            if not at <= limit <= len(data) - SLACK:
                return np.int64(s)
            pattern, n, at = get_set(data, at, limit, room.rows, n_rows, capacity)
            if n < 0 or at > limit:
                return np.int64(s)
            after = np.int64(-1)
            if pattern == WORDS:
                after = at + _words_bytes(n, n_steps)
                if after > limit or not _take_words(data, at, room, n, capacity, rows[s], begin[s], end[s]):
                    return np.int64(s)
            elif pattern <= STEPS:
                after = _take_steps(data, at, limit, room, n, pattern, capacity, rows[s], begin[s], end[s])
            if after < 0:
                return np.int64(s)
            at = after
        if at != limit:
            return np.int64(last - 1)
    return np.int64(FITS)


@inlined
def _take_words(data, at, room, n, capacity, rows, begin, end):
    """A window whose spikes are words. Returns whether there is room for its events."""
    n_steps = len(begin)
    n_events = np.int64(0)
    k = np.uint64(0)
    for p in range(len(room.words)):
        at = get_words(data, at, room.chosen, n, _plane_bits(n_steps, p))
        plane_events = np.uint32(0)
        for j in range(np.uint64(n)):
            plane_events += np.uint32(population(room.chosen[j]))
        n_events += np.int64(plane_events)
        if n_events > capacity:
            return False
        for j in range(np.uint64(n), np.uint64(n) + _LANES):
            room.chosen[j] = np.uint16(0)
        for t in range(PLANE * p, min(PLANE * (p + 1), n_steps)):
            bit = np.uint16(1 << (t - PLANE * p))
            begin[t] = np.int32(k)
            for v in range(np.uint64(0), np.uint64(n), _LANES):
                k = store_chosen(rows, k, room.rows.members, v, marked(room.chosen, v, bit))
            end[t] = np.int32(k)
    return True


@inlined
def _take_steps(data, at, limit, room, n, pattern, capacity, rows, begin, end):
    """A window whose spikes are numbers of steps. Returns the place after, or -1 if it is wrong."""
    n_steps = len(begin)
    bits = _step_bits(n_steps)
    less_one, steps = room.chosen, room.found
    n_events = n
    if pattern == STEPS:
        if at + _bytes_of(n, bits) > limit:
            return np.int64(-1)
        at = get_words(data, at, less_one, n, bits)
        for j in range(np.uint64(n)):
            n_events += np.int64(less_one[j])
    else:
        for j in range(np.uint64(n)):
            less_one[j] = np.uint16(0)
    if n_events > capacity or at + _bytes_of(n_events, bits) > limit:
        return np.int64(-1)
    at = get_words(data, at, steps, n_events, bits)
    end[:] = 0
    k = np.uint64(0)
    for j in range(np.uint64(n)):
        before = np.int64(-1)
        for _ in range(np.int64(less_one[j]) + 1):
            t = np.int64(steps[k])
            if t >= n_steps or t <= before:
                return np.int64(-1)
            end[np.uint64(t)] += np.int32(1)
            before = t
            k += np.uint64(1)
    total = np.int32(0)
    for t in range(n_steps):
        begin[t] = total
        total += end[t]
        end[t] = begin[t]
    k = np.uint64(0)
    for j in range(np.uint64(n)):
        for _ in range(np.int64(less_one[j]) + 1):
            t = np.uint64(steps[k])
            rows[np.uint64(end[t])] = room.rows.members[j]
            end[t] += np.int32(1)
            k += np.uint64(1)
    return at


@kernel
def amplitudes_fit(begin, end, amplitude, bits, unit):
    """Whether every amplitude in use is a whole number from 1 to 2^bits times unit, exactly."""
    per_unit = np.float32(1) / unit
    top = np.float32(np.int64(1) << bits)
    for s in range(len(amplitude)):
        odd = np.int32(0)
        for k in range(np.uint64(begin[s, 0]), np.uint64(end[s, 0])):
            x = amplitude[s, k]
            number = np.floor(x * per_unit + np.float32(0.5))
            odd += np.int32(not (number >= np.float32(1) and number <= top and number * unit == x))
        if odd:
            return False
    return True


@kernel
def pack_currents(rows, begin, end, amplitude, as_bits, n_rows, bits, unit, room, data, ends):
    """As `pack_spikes`, for constant currents. as_bits: `amplitude` as uint32.

    bits, unit: of a word, see `amplitudes_fit`; with EXACT_BITS the float32 itself is written.
    """
    per_unit = np.float32(0) if bits == EXACT_BITS else np.float32(1) / unit
    words = room.words[0]
    at = np.int64(0)
    for s in range(len(amplitude)):
        first, stop = np.uint64(begin[s, 0]), np.uint64(end[s, 0])
        if not _ascending(rows[s], first, stop, n_rows):
            return np.int64(-1)
        _mark(words, rows[s], first, stop, np.uint16(1))
        n = list_marked(words, room.rows)
        at = put_set(data, at, room.rows, n, n_rows, WORDS)
        words[:] = np.uint16(0)
        if bits == EXACT_BITS:
            for k in range(first, stop):
                store_half(data, at, np.uint64(as_bits[s, k]))
                at += np.int64(4)
        else:
            for j in range(np.uint64(n)):
                number = np.floor(amplitude[s, first + j] * per_unit + np.float32(0.5))
                room.chosen[j] = np.uint16(np.int32(number) - np.int32(1))
            at = put_words(data, at, room.chosen, n, bits)
        ends[s // GROUP] = at
    return at


@kernel
def unpack_currents(data, ends, start, stop, n_rows, bits, unit, capacity, room, rows, begin, end, amplitude, as_bits):
    """As `unpack_spikes`, for constant currents; the rest as in `pack_currents`."""
    for group in range(start, stop):
        at = np.int64(ends[group - 1]) if group > 0 else np.int64(0)
        limit = np.int64(ends[group])
        last = min(len(begin), (group + 1) * GROUP)
        for s in range(group * GROUP, last):
            if not at <= limit <= len(data) - SLACK:
                return np.int64(s)
            pattern, n, at = get_set(data, at, limit, room.rows, n_rows, capacity)
            if n < 0 or pattern != WORDS or at + _bytes_of(n, bits) > limit:
                return np.int64(s)
            if bits == EXACT_BITS:
                for j in range(np.uint64(n)):
                    as_bits[s, j] = np.uint32(load_word(data, at) & np.uint64(0xFFFFFFFF))
                    at += np.int64(4)
            else:
                at = get_words(data, at, room.chosen, n, bits)
                for j in range(np.uint64(n)):
                    amplitude[s, j] = (np.float32(room.chosen[j]) + np.float32(1)) * unit
            for j in range(np.uint64(n)):
                rows[s, j] = room.rows.members[j]
            begin[s, :] = 0
            end[s, :] = n
        if at != limit:
            return np.int64(last - 1)
    return np.int64(FITS)
