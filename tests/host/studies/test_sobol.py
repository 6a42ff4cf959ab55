"""Sobol indices through our own design, against functions whose indices are known."""

import math

import numpy as np
import pytest
from scipy import stats

from host.studies.sobol import Range, SobolDesign, indices

N = 2048


def answers(design, model):
    values = [model(*sample.levels, die=sample.die) for sample in design.samples()]
    return np.array(values, np.float64).reshape(design.n, design.width)


def luck(die):
    """Standard normal, fixed per die."""
    return stats.norm.ppf((np.random.default_rng(die).random() + 1e-12) / (1 + 2e-12))


def near(index, truth, slack):
    assert index.value == pytest.approx(truth, abs=slack)
    assert index.low - slack / 2 <= truth <= index.high + slack / 2
    assert index.low <= index.value <= index.high


def test_ishigami():
    """Ishigami and Homma 1990, a = 7, b = 0.1: the usual touchstone; the die plays no part."""

    def model(x, y, z, die):
        return math.sin(x) + 7 * math.sin(y) ** 2 + 0.1 * z**4 * math.sin(x)

    ranges = tuple(Range(name, -math.pi, math.pi) for name in "xyz")
    first_x = 0.5 * (1 + 0.1 * math.pi**4 / 5) ** 2
    first_y = 7**2 / 8
    with_z = 0.1**2 * math.pi**8 * (1 / 18 - 1 / 50)
    variance = first_x + first_y + with_z
    first = np.array([first_x, first_y, 0, 0]) / variance
    total = np.array([first_x + with_z, first_y, with_z, 0]) / variance
    result = indices(answers(SobolDesign(ranges, N, 1, 1), model), 1)
    assert len(result) == 4
    for factor, truth_first, truth_total in zip(result, first, total, strict=True):
        near(factor.first, truth_first, 0.02)
        near(factor.total, truth_total, 0.02)


def test_the_luck_of_the_die_has_its_own_share():
    """y = 3 u + luck + u' luck, with u uniform in [0, 1] and u' in [-1, 1]: variances 9/12, 1 and 1/3."""
    ranges = (Range("u", 0, 1), Range("v", -1, 1))
    design = SobolDesign(ranges, N, 1, 2)
    result = indices(answers(design, lambda u, v, die: 3 * u + luck(die) + v * luck(die)), 1)
    variance = 9 / 12 + 1 + 1 / 3
    assert design.factors == ("u", "v", "die")
    firsts, totals = (0.75, 0, 1), (0.75, 1 / 3, 4 / 3)
    for factor, first, total in zip(result, firsts, totals, strict=True):
        near(factor.first, first / variance, 0.1)
        near(factor.total, total / variance, 0.1)


def test_intervals_cover_and_shrink():
    ranges = (Range("x", 0, 1), Range("y", 0, 1))

    def width(n):
        result = indices(answers(SobolDesign(ranges, n, 1, 3), lambda x, y, die: x + y + 0.2 * luck(die)), 1)
        return np.mean([factor.total.high - factor.total.low for factor in result])

    assert width(512) < 0.6 * width(64)


def test_an_answer_that_never_changes_has_no_indices():
    assert indices(np.full((8, 5), 0.9), 1) is None


def test_one_deviating_answer_is_no_reason_to_fail():
    deviating = np.full((4, 4), 0.9)
    deviating[1, 2] = 0.8
    assert len(indices(deviating, 1)) == 2


def test_the_design_fills_every_range_evenly():
    design = SobolDesign((Range("x", 0.5, 0), Range("bits", 8, 2, whole=True)), 256, 5, 1)
    samples = list(design.samples())
    assert len(samples) == 256 * 5
    for block in (0, 1):
        x, bits = np.array([sample.levels for sample in samples[block :: design.width]]).T
        assert stats.kstest(x, stats.uniform(0, 0.5).cdf).pvalue > 0.99  # far evener than chance
        numbers, counts = np.unique(bits, return_counts=True)
        assert numbers.tolist() == [2, 3, 4, 5, 6, 7, 8]
        assert counts.min() >= 256 / 7 - 3
        assert counts.max() <= 256 / 7 + 3


def test_each_sample_has_its_own_die_and_each_block_changes_one_factor():
    design = SobolDesign((Range("x", 0, 1), Range("y", 0, 1)), 8, 5, 1)
    rows = np.array(list(design.samples()), dtype=object).reshape(8, 5)
    for a, b, x_from_b, y_from_b, die_from_b in rows:
        assert x_from_b == type(a)((b.levels[0], a.levels[1]), a.die)
        assert y_from_b == type(a)((a.levels[0], b.levels[1]), a.die)
        assert die_from_b == type(a)(a.levels, b.die)
    assert sorted(sample.die for sample in rows[:, :2].ravel()) == list(range(5, 21))


def test_a_larger_design_begins_with_the_smaller():
    ranges = (Range("x", 0, 1), Range("y", 0, 2), Range("z", 2, 9, whole=True))
    small, large = (list(SobolDesign(ranges, n, 1, 4).samples()) for n in (16, 64))
    assert large[: len(small)] == small
    assert list(SobolDesign(ranges, 16, 1, 5).samples()) != small
