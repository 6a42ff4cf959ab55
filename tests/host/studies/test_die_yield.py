"""Yield: exact comparison, what is counted, which die is the worst, whose dies have a yield in common."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from host.errors import SettingError, SweepError
from host.run import canonical, resolve
from host.studies.die_yield import Criterion, Share, criterion, fraction, yields
from host.sweep import Packed, Row


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
        ("101%", r"not between 0 and 1 \(0% and 100%\)$"),
        ("1e9999999", "not between 0 and 1"),
        ("9" * 1_000_000, "not between 0 and 1"),
        ("1e-9999999", "more than 50 decimals"),
        ("0e9999999", "more than 50 decimals"),
        ("1e9999999%", "not between 0 and 1"),
        ("snan", "not a number"),
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


def test_no_dies_no_yield():
    none = Share(0, 0)
    assert (none.fraction, none.interval, none.by_plan, none.any_time) == (None, None, None, None)
    assert none.to_json()["claims"] is None


def test_a_share_says_which_claim_it_makes():
    claims = Share(299, 299).to_json()["claims"]
    assert claims["confidence"] == 0.95
    assert claims["fixed_plan"]["at_least"] >= 0.99 > claims["any_time"]["at_least"]


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
    assert much.test_samples == 100
    assert [die.die for die in much.worst(2)] == [2, 5]
    assert [die.die for die in much.worst(2, "before")] == [5, 1]
    np.testing.assert_array_equal(much.accuracies("before"), [0.60, 0.97, 0.50])
    [much, _] = yields(rows, criterion(None, "0.02"))
    assert much.share("after") == Share(3, 3)
    assert much.share("before") == Share(1, 3)


def of_spec(die, **settings):
    text = canonical(resolve(None, {"die": die} | settings).model_dump(mode="json")).encode()
    return a_row({"mismatch": 0.5}, die, 0.6, 0.97)._replace(task=f"die {die}", packed_spec=Packed(text, bytes.decode))


def test_dies_of_different_designs_have_no_yield_in_common():
    wanted = criterion("0.97", None)
    for other, told in (
        (of_spec(2, steps=8), "settings that differ: steps"),
        (of_spec(2, noise=["mismatch:0.1"]), "settings that differ: noise"),
        (of_spec(2)._replace(test_samples=99), "100 and 99 test samples"),
    ):
        with pytest.raises(SweepError, match=f"rows die 1 and die 2 are of different designs.* mismatch 0.5 .*{told}"):
            yields([of_spec(1), other], wanted)
    [point] = yields([of_spec(1), of_spec(2), of_spec(3, data_dir="elsewhere")], wanted)
    assert len(point.dies) == 3, "where data are is nothing of the design"
    assert len(yields([of_spec(1), of_spec(2, steps=8)._replace(point={"steps": 8})], wanted)) == 2
