"""Yield: exact comparison, Wilson intervals, what is counted, which die is the worst."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from host.errors import SettingError
from host.studies.die_yield import Criterion, Share, criterion, dies_to_claim, fraction, yields
from host.sweep import Row


def a_row(point, die, before=None, after=None, ideal=0.98, test_samples=100, status="done"):
    return Row("", point, die, status, None, 1.0, ideal, before, after, test_samples, None, None)


@given(st.integers(0, 10**6), st.integers(1, 10**6))
def test_a_limit_that_is_just_reached_is_reached(correct, n):
    correct = min(correct, n)
    limit = Criterion(Fraction(correct, n))
    assert limit.met(correct / n, 1, n)
    assert correct == 0 or not limit.met((correct - 1) / n, 1, n)


@given(st.integers(1, 20_000), st.data())
def test_just_within_the_ideal(n, data):
    ideal = data.draw(st.integers(0, n))
    lost = data.draw(st.integers(0, ideal))
    within = Criterion(Fraction(lost, n), relative_to_ideal=True)
    assert within.met((ideal - lost) / n, ideal / n, n)
    assert ideal == lost or not within.met((ideal - lost - 1) / n, ideal / n, n)
    assert within.met(1, ideal / n, n)


@pytest.mark.parametrize("text", ["0.971", "97.1%", ".971", "9.71e-1", " 97.1% "])
def test_a_fraction_is_exact_however_it_is_written(text):
    assert fraction(text, "--at-least") == Fraction(971, 1000)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("97", "not between 0 and 1.*did you mean 97%"),
        ("-0.1", "not between 0 and 1"),
        ("101%", "not between 0 and 1"),
        ("nan", "not a number"),
        ("inf", "not a number"),
        ("", "not a number"),
        ("much", "not a number.*0.97"),
        ("0.9%%", "not a number"),
    ],
)
def test_no_fraction(text, told):
    with pytest.raises(SettingError, match=f"--at-least .*{told}"):
        fraction(text, "--at-least")


def test_one_criterion_and_one_only():
    assert criterion("97%", None) == Criterion(Fraction(97, 100))
    assert criterion(None, "0.01") == Criterion(Fraction(1, 100), relative_to_ideal=True)
    assert str(criterion("0.975", None)) == "accuracy of at least 97.5 %"
    assert str(criterion(None, "0.01")) == "accuracy at most 1 percentage point below the ideal chip's"
    for both_or_none in ((None, None), ("0.9", "0.1")):
        with pytest.raises(SettingError, match="--at-least 0.97.*--within 0.01"):
            criterion(*both_or_none)


@pytest.mark.parametrize(
    ("good", "dies", "low", "high"), [(20, 20, 0.8389, 1), (0, 20, 0, 0.1611), (5, 10, 0.2366, 0.7634)]
)
def test_wilson_interval(good, dies, low, high):
    """Against the closed form for all and none, n / (n + z^2); 5 of 10 from Brown, Cai and DasGupta 2001's formula."""
    assert Share(good, dies).interval == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize("probability", [0.5, 0.8, 0.95])
def test_wilson_interval_covers(probability):
    """Averaged over all outcomes of 50 dies, the true yield is inside about 95 % of the time."""
    covered = 0.0
    for good in range(51):
        low, high = Share(good, 50).interval
        covered += binom.pmf(good, 50, probability) * (low <= probability <= high)
    assert covered == pytest.approx(0.95, abs=0.025)


def test_no_dies_no_yield():
    assert Share(0, 0).fraction is None
    assert Share(0, 0).interval is None


@pytest.mark.parametrize("wanted", [0.1, 0.5, 0.9, 0.99, 0.999])
def test_dies_to_claim(wanted):
    n = dies_to_claim(wanted)
    assert Share(n, n).interval[0] >= wanted
    assert n == 1 or Share(n - 1, n - 1).interval[0] < wanted


def test_yields_count_everything():
    rows = [
        a_row({"mismatch": 0.5}, 1, 0.60, 0.97),
        a_row({"mismatch": 0.5}, 2, 0.97, 0.96),
        a_row({"mismatch": 0.1}, 1, 0.97, 0.98),
        a_row({"mismatch": 0.5}, 3, status="failed"),
        a_row({"mismatch": 0.5}, 4, status="missing"),
        a_row({"mismatch": 0.5}, 5, 0.50, 0.96),
    ]
    much, little = yields(rows, criterion("0.97", None))
    assert (much.point, little.point) == ({"mismatch": 0.5}, {"mismatch": 0.1})
    assert (much.failed, much.missing, len(much.dies)) == (1, 1, 3)
    assert (much.share("before"), much.share("after")) == (Share(1, 3), Share(1, 3))
    assert (little.share("before"), little.share("after")) == (Share(1, 1), Share(1, 1))
    assert [die.die for die in much.worst(2)] == [2, 5]
    assert [die.die for die in much.worst(2, "before")] == [5, 1]
    np.testing.assert_array_equal(much.accuracies("before"), [0.60, 0.97, 0.50])
    [much, _] = yields(rows, criterion(None, "0.02"))
    assert much.share("after") == Share(3, 3)
    assert much.share("before") == Share(1, 3)
