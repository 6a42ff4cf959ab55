"""A level's verdict from die to die: wrong seldom, reached early where it can be, and "undecided" where it cannot."""

from fractions import Fraction

import numpy as np
import pytest

from host.studies.claims import disproves, proves
from host.studies.die_yield import PointYield
from host.studies.sequential import judged, looks, verdict

STUDIES = 4_000


def verdicts(true_yield, wanted, most):
    """Shares of studies in which a level passes, fails, and is undecided; mean dies."""
    rng = np.random.default_rng(3)
    at = np.array(list(looks(wanted, most)))
    new = np.diff(at, prepend=0)
    good = rng.binomial(new, true_yield, (STUDIES, len(at))).cumsum(axis=1)
    passes, fails = proves(good, at - good, float(wanted)), disproves(good, at - good, float(wanted))
    decided = passes | fails
    first = np.where(decided.any(axis=1), decided.argmax(axis=1), len(at) - 1)
    picked = np.arange(STUDIES), first
    return passes[picked].mean(), fails[picked].mean(), at[first].mean()


def test_a_level_that_does_not_reach_the_wanted_yield_seldom_passes():
    """By its share of twenty good dies a design of 95 % passes a wanted 99 % in 36 % of all cases."""
    passes, fails, dies = verdicts(0.95, Fraction(99, 100), 754)
    assert passes == 0
    assert fails > 0.9
    assert dies < 400


@pytest.mark.parametrize("wanted", [Fraction(9, 10), Fraction(99, 100)])
def test_neither_verdict_is_wrong_more_often_than_it_says(wanted):
    passes, fails, _ = verdicts(float(wanted), wanted, 2000)
    assert passes <= 0.05
    assert fails <= 0.05
    assert passes + fails < 0.5, "at the wanted yield itself there is nothing to decide"


def test_what_is_clear_is_decided_early():
    passes, _, dies = verdicts(1.0, Fraction(99, 100), 754)
    assert (passes, dies) == (1, 377)
    _, fails, dies = verdicts(0.5, Fraction(99, 100), 754)
    assert fails == 1
    assert dies < 9


def test_looks_grow_and_end_where_they_must():
    at = list(looks(Fraction(99, 100), 754))
    assert at == sorted(set(at))
    assert (at[0], at[-1]) == (8, 754)
    assert 377 in at
    assert list(looks(Fraction(1, 2), 6)) == [6]
    assert list(looks(Fraction(9, 10), 36))[-1] == 36


def a_point(good, dies):
    point = PointYield({}, dies=[None] * dies)
    point.good["after"] = good
    return point


def test_no_more_dies_are_asked_for_than_the_verdict_takes():
    asked = []

    def all_good(dies):
        asked.append(dies)
        return a_point(dies, dies)

    assert judged(Fraction(9, 10), 72, "after", all_good)[0] == "passes"
    assert asked[-1] == 36
    assert asked == list(looks(Fraction(9, 10), 72))[: len(asked)]


def test_what_is_not_known_is_no_verdict():
    assert judged(Fraction(9, 10), 72, "after", lambda dies: a_point(dies, dies) if dies < 20 else None) is None
    found, point = judged(Fraction(9, 10), 72, "after", lambda dies: a_point(9 * dies // 10, dies))
    assert (found, len(point.dies)) == ("undecided", 72)
    assert verdict(1, 30, Fraction(9, 10)) == "fails"
