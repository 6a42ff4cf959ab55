"""Samples cut into windows: what is in each, how each becomes events, how all of a sequence move."""

import re

import numpy as np
import pytest

from host.data import Augmentation, Dataset, Encoder, Samples, Shift, load, mean_window
from host.data.windows import in_windows
from host.errors import DataError
from host.settings import ENCODERS

EVERYTHING = slice(None)


@pytest.fixture
def dataset(rng):
    raw = rng.integers(0, 256, (5, 12)).astype(np.uint8)
    samples = Samples(raw, np.arange(5) % 3, 0.0, 255.0)
    return Dataset("mine.npz", samples, samples, 3, "made here", image_shape=(1, 3, 4))


def test_values_are_cut_in_their_order(dataset):
    cut = in_windows(dataset, 3)
    assert (cut.n_in, cut.windows, cut.image_shape) == (4, 3, None)
    assert np.array_equal(cut.train.raw, dataset.train.raw) and cut.digest != dataset.digest
    assert in_windows(cut, 3) is cut and in_windows(dataset, 1) is dataset
    assert load("digits", windows=8).n_in == 8


def test_what_cannot_be_cut_is_told_in_one_line(dataset):
    with pytest.raises(
        DataError, match=re.escape("samples of 12 values cannot be cut into 5 windows of one size")
    ) as told:
        in_windows(dataset, 5)
    assert str(told.value).endswith("set windows (--windows) to 2, 3, 4, 6, 12")
    with pytest.raises(DataError, match="holds sequences of 3 windows, and windows is 1: set windows"):
        in_windows(in_windows(dataset, 3), 1)


def test_the_mean_of_all_windows(dataset):
    mean = mean_window(dataset.train, 3)
    assert np.allclose(mean.values(EVERYTHING), dataset.train.raw.reshape(5, 3, 4).mean(axis=1) / 255, atol=1e-6)


@pytest.mark.parametrize("encoding", ENCODERS.names())
def test_each_window_is_encoded_by_itself(encoding, rng):
    values = rng.random((6, 3 * 7)).astype(np.float32)
    values[rng.random(values.shape) < 0.3] = 0
    numbers = np.arange(6, dtype=np.int64) + 40
    many, one = (Encoder(encoding, 7, 5, n, 1, windows=windows) for n, windows in ((6, 3), (18, 1)))
    alone = one.encode(values.reshape(18, 7), (3 * numbers[:, None] + np.arange(3)).ravel())
    found = many.encode(values, numbers)
    assert found.begin.shape == (6, 15)
    for s, t in np.ndindex(6, 15):
        w, step = 3 * s + t // 5, t % 5
        for name in ("rows", "amplitude") if len(found.amplitude) else ("rows",):
            mine = getattr(found, name)[s, found.begin[s, t] : found.end[s, t]]
            assert mine.tolist() == getattr(alone, name)[w, alone.begin[w, step] : alone.end[w, step]].tolist()
    assert sum(found.end[:, -1] > found.begin[:, 0]) > 0


def test_all_windows_of_a_sequence_move_alike(rng):
    frames = rng.integers(1, 200, (6, 2, 3 * 4)).astype(np.uint8)
    shape, labels, index = (1, 3, 4), np.zeros(6, np.int64), np.arange(6)
    together = Samples(frames.reshape(6, -1), labels, 0.0, 255.0)
    alone = [Samples(frames[:, w], labels, 0.0, 255.0) for w in (0, 1)]
    shift, changed = Shift(shape, 1, 3), Augmentation(shape, 1, True, 3)
    moved = shift.moved(together, 2).raw
    seen = changed.values(together, index, index.astype(np.int64))
    for w in (0, 1):
        assert np.array_equal(moved[:, 12 * w : 12 * w + 12], shift.moved(alone[w], 2).raw)
        assert np.array_equal(seen[:, 12 * w : 12 * w + 12], changed.values(alone[w], index, index.astype(np.int64)))
    assert not np.array_equal(moved, together.raw)
