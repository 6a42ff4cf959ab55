"""Random numbers of writes against mathematics: their distribution, their independence, and what they depend on."""

import numpy as np
import pytest
from reference_random import normal_of_write
from scipy import stats

from chipsim.random.write_words import STEP_BITS, mixed, normal, words_of_columns
from nonideality import stream_key

KEY = stream_key("update pulses", 1)
ROWS = 784
COLUMNS = 64


def words(key=KEY, window=5, layer=1, n=COLUMNS, first_column=0):
    filled = np.zeros((2, n), np.uint32)
    words_of_columns(filled, key, window, layer, first_column)
    return filled


def draws(step=3, rows=ROWS, **place):
    """(COLUMNS, rows) writes at one step."""
    a, b = words(**place)[:, :, None]
    at = (np.arange(rows, dtype=np.uint32) << STEP_BITS) + np.uint32(step)
    return normal(mixed(at, a, b))


def test_it_is_normal():
    """The Kolmogorov-Smirnov distance is what the 1021 values make it, and a sample of it looks normal."""
    z = draws().ravel()
    assert z.dtype == np.float32
    assert stats.kstest(z, "norm").pvalue > 1e-3
    a_million = np.concatenate([draws(step=step).ravel() for step in range(20)])
    assert stats.kstest(a_million, "norm").statistic < 2.5e-3


def test_the_exact_distribution():
    """All sums of four bytes with their probabilities: mean 0, variance 1, kurtosis 3, tails to 1 % up to 4 sigma."""
    probability = np.ones(1)
    for _ in range(4):
        probability = np.convolve(probability, np.full(256, 1 / 256))
    sums = np.arange(1021)
    parts = np.diff(np.minimum(sums[:, None], [0, 255, 510, 765, 1020])).astype(np.uint32)  # into four bytes
    z = normal(parts @ np.array([1, 1 << 8, 1 << 16, 1 << 24], np.uint32)).astype(np.float64)
    assert (np.diff(z) > 0).all() and z.max() < 5.2
    moments = [(probability * z**k).sum() for k in range(1, 5)]
    assert moments == pytest.approx([0, 1, 0, 3], abs=5e-4)
    above = np.cumsum(probability[::-1])[::-1]
    assert np.abs(above - stats.norm.sf(z)).max() < 3e-3
    assert np.abs(above - probability / 2 - stats.norm.sf(z)).max() < 2e-4  # half a step on
    for sigmas in (2, 3, 4):
        assert above[z > sigmas][0] == pytest.approx(stats.norm.sf(sigmas), rel=0.012)


OTHERS = {
    "the next step": {"step": 4},
    "a step far off": {"step": 4095},
    "another window": {"window": 6},
    "a window 2^32 later": {"window": 5 + 2**32},
    "another layer": {"layer": 2},
    "the next columns": {"first_column": 1},
    "columns far off": {"first_column": 2**20},
    "another key": {"key": stream_key("update pulses", 2)},
}


def assert_independent(a, b):
    a, b = a.ravel(), b.ravel()
    assert not np.array_equal(a, b)
    assert stats.pearsonr(a, b).pvalue > 1e-4
    assert stats.pearsonr(a**2, b**2).pvalue > 1e-4
    cells = [np.digitize(x, stats.norm.ppf([0.25, 0.5, 0.75])) for x in (a, b)]
    table = np.histogram2d(*cells, bins=4)[0]
    assert stats.chisquare(table.ravel(), np.full(16, len(a) / 16)).pvalue > 1e-4


@pytest.mark.parametrize("change", OTHERS.values(), ids=OTHERS)
def test_other_places_draw_independently(change):
    assert_independent(draws(), draws(**change))


@pytest.mark.parametrize("apart", [1, 2, 7, 16, 28, 256])
def test_rows_draw_independently(apart):
    z = draws()
    assert_independent(z[:, :-apart], z[:, apart:])


@pytest.mark.parametrize("apart", [1, 2, 16, 32])
def test_columns_draw_independently(apart):
    z = draws()
    assert_independent(z[:-apart], z[apart:])


def test_sums_are_normal_too():
    """What a synapse sees is a sum over steps, what a neuron sees one over rows: variances add, no more and no less."""
    z = np.stack([draws(step=step, window=window) for window in range(20) for step in range(4, 16)]).astype(np.float64)
    for axis in (0, 1, 2):
        total = z.sum(axis=axis).ravel() / np.sqrt(z.shape[axis])
        assert stats.kstest(total, "norm").pvalue > 1e-3


def test_no_two_writes_of_a_column_in_a_window_share_a_word():
    a, b = words()[:, :1]
    at = (np.arange(2000, dtype=np.uint32)[:, None] << STEP_BITS) + np.arange(16, dtype=np.uint32)
    assert len(np.unique(mixed(at, a, b))) == at.size


def test_it_depends_on_its_place_alone():
    everywhere = draws()
    assert np.array_equal(draws(n=2, first_column=17), everywhere[17:19])
    for row, column in ((0, 0), (2, 3), (783, 63), (100, 17)):
        assert normal_of_write(KEY, 5, 1, 3, row, column) == everywhere[column, row]
