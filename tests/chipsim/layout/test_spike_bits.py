"""Spikes as bits: what is stored comes back as spikes, as row lists and as counts."""

import numpy as np
import pytest

from chipsim.layout.spike_bits import gather_events, n_bits, new_masks, spikes_in_window, spikes_of, store_mask
from chipsim.simd import LANES

S, T = 3, 4


def stored(spikes):
    """Masks of spikes (S, T, n), n a multiple of LANES, stored one by one."""
    n = spikes.shape[2]
    fired = new_masks(S, T, n)
    for s in range(S):
        for t in range(T):
            for number, mask in enumerate(np.packbits(spikes[s, t], bitorder="little").view(np.uint16)):
                store_mask(fired, s, t, number, mask)
    return fired


@pytest.mark.parametrize("rate", [0.0, 0.1, 0.6, 1.0])
@pytest.mark.parametrize("row", [np.uint16, np.int32])
@pytest.mark.parametrize("asks_for_masks", [False, True])
@pytest.mark.parametrize(("n", "block"), [(16, 16), (48, 48), (64, 32), (144, 48)])
def test_there_and_back(rng, n, block, asks_for_masks, row, rate):
    spikes = (rng.random((S, T, n)) < rate).astype(np.uint8)
    fired = stored(spikes)
    order = tuple(rng.permutation(n).tolist())
    assert np.array_equal(spikes_of(fired, order), spikes[:, :, list(order)])
    rows = np.full((S, T * n + LANES), 999, row)
    begin, end = np.zeros((S, T), np.int32), np.zeros((S, T), np.int32)
    masks = n_bits(fired) // LANES
    mask_begin = np.full((S, T, masks + 1) if asks_for_masks else (0, 0, 0), -1, np.int32)
    gather_events(fired, np.arange(n_bits(fired), dtype=row), rows, begin, end, mask_begin, 0, S)
    for s in range(len(mask_begin)):
        for t in range(T):
            per_mask = [int(spikes[s, t, first : first + LANES].sum()) for first in range(0, masks * LANES, LANES)]
            assert mask_begin[s, t].tolist() == np.cumsum([begin[s, t], *per_mask]).tolist()
    for s in range(S):
        assert begin[s, 0] == 0 and (begin[s, 1:] == end[s, :-1]).all()
        for t in range(T):
            assert rows[s, begin[s, t] : end[s, t]].tolist() == np.flatnonzero(spikes[s, t]).tolist()
        assert (rows[s, end[s, -1] + LANES :] == 999).all()
        for first in range(0, n, block):
            assert spikes_in_window(fired, s, first, block) == spikes[s, :, first : first + block].sum()


def test_a_new_spike_train_replaces_the_old():
    fired = new_masks(1, 1, 16)
    store_mask(fired, 0, 0, 0, np.uint16(0xFFFF))
    store_mask(fired, 0, 0, 0, np.uint16(1 << 3))
    assert spikes_of(fired, tuple(range(16)))[0, 0].tolist() == np.eye(16)[3].tolist()
