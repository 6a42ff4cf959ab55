"""Counter-based Gaussians against mathematics."""

import numpy as np
import pytest
from numba import njit
from reference_random import gaussian_of, gaussian_pair
from scipy import stats

from chipsim.random.counter_based import natural_log, words_of_four_steps
from chipsim.random.normals import gaussians
from chipsim.simd import LANES
from nonideality import stream_key

N = 25008  # whole vectors
BASE = {"key": stream_key("test", 0), "window": 12, "layer": 1, "quarter": 2, "first": 0}


def normal(**changes):
    """(4, N): four steps of N neurons."""
    place = {**BASE, **changes}
    words, z = np.zeros((4, N), np.uint32), np.zeros((4, N), np.float32)
    words_of_four_steps(words, place["key"], place["window"], place["layer"], place["quarter"], place["first"])
    gaussians(z, words)
    return z


def test_the_distribution_is_normal():
    z = normal().ravel()
    assert stats.kstest(z, "norm").pvalue > 1e-3
    assert stats.kstest(np.abs(z), "halfnorm").pvalue > 1e-3


@pytest.mark.parametrize("step", range(4))
def test_every_step_of_a_quarter_is_normal(step):
    """Sine and cosine halves of Box and Muller alike."""
    assert stats.kstest(normal(window=3)[step], "norm").pvalue > 1e-3


def test_moments():
    z = np.concatenate([normal(window=window).ravel() for window in range(10)]).astype(np.float64)
    n = len(z)
    assert abs(z.mean()) < 4 / np.sqrt(n)
    assert abs(z.var() - 1) < 4 * np.sqrt(2 / n)
    assert abs((z**3).mean()) < 4 * np.sqrt(15 / n)
    assert abs((z**4).mean() - 3) < 4 * np.sqrt(96 / n)


def test_tails():
    """A million draws have the normal number beyond 3 and 4 sigma, and none beyond what 24 bits can make."""
    z = np.abs(np.concatenate([normal(window=window).ravel() for window in range(10)]))
    for sigmas in (3, 4):
        assert stats.binomtest(int((z > sigmas).sum()), len(z), 2 * stats.norm.sf(sigmas)).pvalue > 1e-4
    assert z.max() <= np.sqrt(2 * 24 * np.log(2)) + 1e-6


OTHERS = {
    "another window": {"window": 13},
    "a window 2^32 later": {"window": 12 + 2**32},
    "another layer": {"layer": 2},
    "the next four steps": {"quarter": 3},
    "another key": {"key": stream_key("test", 1)},
    "the next neurons": {"first": 1},
    "neurons far off": {"first": 2**20},
}


def assert_independent(a, b):
    """Neither values nor sizes are correlated, and the quartiles of one say nothing about those of the other."""
    a, b = a.ravel(), b.ravel()
    assert not np.array_equal(a, b)
    assert stats.pearsonr(a, b).pvalue > 1e-4
    assert stats.pearsonr(a**2, b**2).pvalue > 1e-4
    cells = [np.digitize(x, stats.norm.ppf([0.25, 0.5, 0.75])) for x in (a, b)]
    table = np.histogram2d(*cells, bins=4)[0]
    assert stats.chisquare(table.ravel(), np.full(16, len(a) / 16)).pvalue > 1e-4


@pytest.mark.parametrize("change", OTHERS.values(), ids=OTHERS)
def test_other_places_draw_independently(change):
    assert_independent(normal(), normal(**change))


@pytest.mark.parametrize(("a", "b"), [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)])
def test_steps_draw_independently(a, b):
    z = normal(window=5)
    assert_independent(z[a], z[b])


def test_neighbouring_neurons_draw_independently():
    z = normal(window=6)
    assert_independent(z[:, :-1], z[:, 1:])


def test_the_vector_loop_is_the_scalar_function():
    z = normal()
    for step in range(4):
        for neuron in (0, 1, 2, 3, 1000, N - 1):
            assert z[step, neuron] == gaussian_of(BASE["key"], 12, 1, 8 + step, neuron)


def test_box_and_muller():
    """Against float64: radius sqrt(-2 ln u), angle in quarter turns (clockwise) from the second word."""
    words = np.random.default_rng(1).integers(0, 2**32, (3000, 2), dtype=np.uint32)
    for a, b in words:
        u = ((int(a) >> 8) + 1) / 2**24
        quadrant, rest = int(b) >> 30, ((int(b) >> 6 & 0xFFFFFF) - 2**23) / 2**24
        angle = np.pi / 2 * (rest - quadrant)
        radius = np.sqrt(-2 * np.log(u))
        first, second = gaussian_pair(a, b)
        assert first == pytest.approx(radius * np.cos(angle), abs=3e-6)
        assert second == pytest.approx(radius * np.sin(angle), abs=3e-6)


def kernel_pairs(words):
    """(n, 2) pairs of words (n, 2), from both halves of the kernel's four rows."""
    n = -(-len(words) // LANES) * LANES
    room, z = np.zeros((4, n), np.uint32), np.zeros((4, n), np.float32)
    room[:2, : len(words)] = room[2:, : len(words)] = words.T
    gaussians(z, room)
    np.testing.assert_array_equal(z[:2], z[2:])
    return z[:2, : len(words)].T


def test_the_kernel_has_the_bits_of_the_reference(rng):
    words = rng.integers(0, 2**32, (3000, 2), dtype=np.uint32)
    expected = np.array([gaussian_pair(a, b) for a, b in words])
    np.testing.assert_array_equal(kernel_pairs(words), expected)


@pytest.mark.parametrize("a", [0, 1, 255, 256, 2**31, 2**32 - 256, 2**32 - 1])
@pytest.mark.parametrize("b", [0, 63, 64, 2**29, 2**30 - 1, 2**30, 2**31, 3 * 2**30, 2**32 - 1])
def test_the_ends_of_the_range_are_finite(a, b):
    z = kernel_pairs(np.full((1, 2), [a, b], np.uint32))
    assert np.isfinite(z).all()
    np.testing.assert_array_equal(z[0], gaussian_pair(a, b))


@njit
def _logs(out, x):
    for i in range(len(x)):
        out[i] = natural_log(x[i])


def relative_error_of_log(x):
    out = np.zeros_like(x)
    _logs(out, x)
    exact = np.log(x.astype(np.float64))
    return np.max(np.abs(out - exact) / np.maximum(np.abs(exact), np.finfo(np.float32).tiny))


def test_natural_log_of_all_that_box_and_muller_asks_for(rng):
    """u = k / 2^24, k from 1: the ends, near 1, and a sample of the rest."""
    near_one = 2**24 - np.arange(1, 20000)
    k = np.concatenate([np.arange(1, 20000), near_one, rng.integers(1, 2**24, 100000)])
    assert relative_error_of_log((k / 2**24).astype(np.float32)) < 3e-7
    assert natural_log(np.float32(1)) == 0


def test_natural_log_of_any_normal_number(rng):
    x = np.exp(rng.uniform(-87, 88, 100000)).astype(np.float32)
    assert relative_error_of_log(x) < 3e-7
    assert relative_error_of_log(np.array([np.finfo(np.float32).tiny, np.finfo(np.float32).max])) < 3e-7


def test_natural_log_never_falls(rng):
    """Where the exponent changes the two polynomials' ends must meet."""
    x = np.sort(rng.uniform(0.65, 0.75, 20000)).astype(np.float32)
    out = np.zeros_like(x)
    _logs(out, x)
    assert (np.diff(out) >= -6e-8).all()
