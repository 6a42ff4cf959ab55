"""Spikes and currents: exactly what was sent comes out, in few bytes, and never more than there is room for."""

import struct
import threading

import numpy as np
import pytest
from decoder_from_document import windows_of
from hypothesis import given
from hypothesis import strategies as st
from small_chips import events_of
from wire_messages import assert_same_content

from chipsim import Events, wire
from chipsim.wire.messages.chunk import events_to_bytes

LIMITS = wire.Limits()
SHAPES = st.tuples(st.sampled_from([1, 2, 65, 130]), st.integers(1, 40), st.sampled_from([1, 7, 8, 16, 17, 64, 300]))
DENSITIES = st.sampled_from([0.0, 0.003, 0.03, 0.2, 0.6, 1.0])
SEEDS = st.integers(0, 2**32 - 1)


def random_masks(shape, density, active, seed):
    """Spikes (S, T, n) of rows that are active at all with probability `active`."""
    rng = np.random.default_rng(seed)
    n_windows, _, n_rows = shape
    return (rng.random(shape) < density) & (rng.random((n_windows, 1, n_rows)) < active)


def currents_of(values):
    """A constant current of values (S, n) where they are not zero, for three steps."""
    n_windows, n_rows = values.shape
    rows = np.zeros((n_windows, n_rows), np.uint16)
    amplitude = np.zeros((n_windows, n_rows), np.float32)
    end = np.zeros((n_windows, 3), np.int32)
    for s, row in enumerate(values):
        [active] = np.nonzero(row)
        rows[s, : len(active)], amplitude[s, : len(active)], end[s] = active, row[active], len(active)
    return Events(rows, np.zeros_like(end), end, amplitude)


def as_the_document_reads(packed):
    """The same windows, by the decoder that knows only the document."""
    [head, ends, data] = events_to_bytes(packed)
    graded, bits, steps, rows, capacity, unit, _ = struct.unpack("<BBHIIfI", head)
    fields = {"graded": graded, "amplitude_bits": bits, "steps": steps, "rows": rows, "capacity": capacity}
    fields |= {"amplitude_unit": unit, "ends": np.frombuffer(ends, "<u4").tolist(), "data": bytes(data)}
    return windows_of(fields, packed.n_windows)


@given(SHAPES, DENSITIES, DENSITIES, SEEDS)
def test_spikes_round_trip(shape, density, active, seed):
    masks = random_masks(shape, density, active, seed)
    packed = wire.pack_events(events_of(masks), shape[2])
    assert_same_content(wire.unpack_events(packed, LIMITS), events_of(masks))
    for window, mask in zip(as_the_document_reads(packed), masks, strict=True):
        assert window == [np.flatnonzero(step).tolist() for step in mask]


@given(st.integers(1, 90), st.sampled_from([1, 9, 64, 300]), DENSITIES, st.sampled_from([16, 255, 65535, None]), SEEDS)
def test_currents_round_trip(n_windows, n_rows, active, levels, seed):
    rng = np.random.default_rng(seed)
    values = rng.standard_normal((n_windows, n_rows)).astype(np.float32)
    if levels:
        values = rng.integers(1, levels + 1, values.shape).astype(np.float32) * np.float32(1 / levels)
    events = currents_of(values * (rng.random(values.shape) < active))
    packed = wire.pack_events(events, n_rows)
    assert packed.amplitude_bits in ((4, 8, 16) if levels or not events.amplitude.any() else (32,))
    assert_same_content(wire.unpack_events(packed, LIMITS), events)
    for s, (rows, amplitudes) in enumerate(as_the_document_reads(packed)):
        n = events.end[s, 0]
        assert rows == events.rows[s, :n].tolist() and amplitudes == events.amplitude[s, :n].tolist()


def test_many_rows_and_steps():
    """Row numbers of 32 bits, and more steps than any word has."""
    masks = np.zeros((2, 100, 70_000), bool)
    masks[0, [0, 99], [3, 69_999]] = masks[1, ::3, 65_536] = True
    packed = wire.pack_events(events_of(masks)._replace(rows=rows_32(masks)), 70_000)
    arrived = wire.unpack_events(packed, LIMITS)
    assert arrived.rows.dtype == np.int32 and len(packed.data) < 60
    assert_same_content(arrived, events_of(masks)._replace(rows=rows_32(masks)))


def rows_32(masks):
    rows = np.zeros((len(masks), 200), np.int32)
    for s, mask in enumerate(masks):
        [found] = [np.nonzero(mask)[1]]
        rows[s, : len(found)] = found
    return rows


@pytest.mark.parametrize("active", [1, 5, 40, 200, 784])
def test_the_shortest_form_is_chosen(active):
    """A window never takes more than a bitmap and a word per row would, whatever its spikes."""
    rng = np.random.default_rng(active)
    masks = np.zeros((64, 16, 784), bool)
    for mask in masks:
        mask[:, rng.permutation(784)[:active]] = rng.random((16, active)) < 0.5
    plain = 64 * (1 + 98 + 2 * active)
    sent = len(wire.pack_events(events_of(masks), 784).data) - 8
    assert sent <= plain
    if active <= 40 or active == 784:
        assert sent <= plain - 64 * 30


def test_threads_fill_groups_of_their_own():
    masks = random_masks((200, 16, 300), 0.3, 0.4, 1)
    packed = wire.pack_events(events_of(masks), 300)
    events = wire.new_events(packed, LIMITS)
    threads = [threading.Thread(target=wire.unpack_into, args=(packed, events, g, g + 1)) for g in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert_same_content(events, events_of(masks))


def small():
    return events_of(np.ones((2, 3, 4), bool))


@pytest.mark.parametrize(
    "change",
    [
        {"rows": np.full((2, 12), 4, np.uint16)},
        {"rows": np.full((2, 12), -1, np.int32)},
        {"rows": np.zeros((2, 12), np.uint16)},
        {"rows": np.zeros((2, 12), np.int64)},
        {"rows": np.zeros((3, 12), np.uint16)},
        {"begin": np.full((2, 3), -1, np.int32)},
        {"begin": np.full((2, 3), 13, np.int32)},
        {"end": np.full((2, 3), 13, np.int32)},
        {"begin": np.zeros((2, 4), np.int32)},
        {"amplitude": np.ones((2, 12), np.float32)},
        {"begin": np.zeros((0, 3), np.int32), "end": np.zeros((0, 3), np.int32)},
    ],
)
def test_events_that_cannot_be_sent(change):
    with pytest.raises(wire.WireError, match="events must lie inside their buffer") as caught:
        wire.pack_events(small()._replace(**change), 4)
    assert caught.value.code == wire.ErrorCode.REFUSED


def test_room_is_bounded_before_it_is_taken():
    packed = wire.pack_events(small(), 4)
    with pytest.raises(wire.WireError, match="fewer windows"):
        wire.unpack_events(packed, wire.Limits(event_bytes=100))
