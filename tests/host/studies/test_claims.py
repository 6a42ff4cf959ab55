"""What dies prove of a yield: exact bounds, bets that win nothing in the mean, and users who peek."""

import numpy as np
import pytest
from scipy.stats import binom, binomtest, norm

from host.studies.claims import (
    claims_json,
    dies_to_plan,
    dies_to_prove,
    disproves,
    evidence,
    interval,
    proven_any_time,
    proven_by_plan,
    proves,
)

USERS, MOST = 10_000, 3_000  # who each test up to so many dies and look after every one
NO_MORE = 0.05


def bad_dies(true_yield):
    """(users, bad dies): the numbers of the dies that are bad."""
    rng = np.random.default_rng(5)
    found = rng.geometric(1 - true_yield, (USERS, int(1.3 * MOST * (1 - true_yield)) + 50)).cumsum(axis=1)
    assert found[:, -1].min() > MOST
    return found


def found_by_peeking(true_yield, claim):
    """Share of users who at some die could claim `claim(good, bad)`, which more good dies only help.

    So it is enough to look before each bad die, and at the end.
    """
    bad_at = bad_dies(true_yield)
    bad = np.arange(bad_at.shape[1])
    good = np.minimum(bad_at - 1, MOST) - bad
    return np.any(good >= least(claim, bad), axis=1).mean()


def least(claim, bad):
    """How many good dies it takes for the claim, beside so many bad ones; more than anybody tests, if none do."""
    low, high = np.full(len(bad), -1), np.full(len(bad), 2 * MOST)
    while np.any(high - low > 1):
        middle = (low + high) // 2
        enough = claim(middle, bad)
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    return high


def wilson(wanted):
    def claim(good, bad):
        n, z = np.maximum(good + bad, 1), norm.ppf(0.975)
        p = good / n
        low = (p + z**2 / (2 * n) - z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))) / (1 + z**2 / n)
        return low >= wanted

    return claim


@pytest.mark.parametrize("wanted", [0.9, 0.99])
def test_users_who_peek_claim_wrongly_in_one_study_of_twenty_at_most(wanted):
    """The worst case: the yield is just not above what is wanted."""
    wrong = found_by_peeking(wanted, lambda good, bad: proves(good, bad, wanted))
    assert 0.005 < wrong <= NO_MORE


def test_the_study_sees_what_peeking_does_to_intervals_for_a_fixed_plan():
    assert found_by_peeking(0.99, wilson(0.99)) > 0.08


@pytest.mark.parametrize("wanted", [0.9, 0.99])
def test_that_a_yield_is_lower_is_wrongly_claimed_as_seldom(wanted):
    """More good dies only hinder that claim, so it is enough to look after each bad one."""
    bad_at = bad_dies(wanted)
    bad = np.arange(1, bad_at.shape[1] + 1)
    least_good = least(lambda good, bad: ~disproves(good, bad, wanted), bad)
    wrong = np.any((bad_at <= MOST) & (bad_at - bad < least_good), axis=1).mean()
    assert 0.005 < wrong <= NO_MORE


@pytest.mark.parametrize("dies", [1, 7, 60])
@pytest.mark.parametrize("wanted", [0.05, 0.5, 0.99])
def test_the_bet_wins_nothing_where_there_is_nothing_to_find(dies, wanted):
    """Its mean over all outcomes is 1 at the wanted yield itself, and less below."""
    good = np.arange(dies + 1)
    mean = [np.sum(binom.pmf(good, dies, p) * evidence(good, dies - good, wanted)) for p in (wanted, 0.9 * wanted)]
    assert mean[0] == pytest.approx(1, rel=1e-9)
    assert mean[1] < 1


def test_the_evidence_is_the_average_that_it_is_said_to_be():
    """By hand: for one good die, u = 1 - p over 1 - wanted with density u^-0.5 / 2, the integral of p / wanted."""
    wanted = 0.8
    u = (np.arange(2_000_000) + 0.5) / 2_000_000
    weight = 0.5 * u**-0.5 / u.size
    p = 1 - u * (1 - wanted)
    assert evidence(1, 0, wanted) == pytest.approx(np.sum(weight * p / wanted), rel=1e-3)
    assert evidence(2, 1, wanted) == pytest.approx(np.sum(weight * (p / wanted) ** 2 * u), rel=1e-3)
    assert evidence(0, 0, wanted) == pytest.approx(1)


@pytest.mark.parametrize(("good", "dies"), [(299, 299), (20, 20), (17, 20), (1, 20), (1, 1), (998, 1000)])
def test_the_planned_claim_is_clopper_pearsons(good, dies):
    proven = proven_by_plan(good, dies)
    assert binomtest(good, dies, proven, alternative="greater").pvalue == pytest.approx(0.05, rel=1e-6)
    low, high = interval(good, dies)
    assert low <= proven <= good / dies <= high
    assert proven_any_time(good, dies) < proven


@pytest.mark.parametrize(("good", "dies"), [(377, 377), (17, 20), (998, 1000), (5, 10)])
def test_what_is_proven_any_time_is_where_the_evidence_is_twenty(good, dies):
    proven = proven_any_time(good, dies)
    assert evidence(good, dies - good, proven) == pytest.approx(20, rel=1e-6)
    assert not proves(good, dies - good, proven + 1e-6)


def test_nothing_good_proves_nothing():
    assert (proven_by_plan(0, 9), proven_any_time(0, 9), interval(0, 0)) == (0, 0, None)
    assert not proves(0, 0, 0.5) and not disproves(0, 0, 0.5)
    assert claims_json(3, 3)["fixed_plan"]["at_least"] == pytest.approx(0.05 ** (1 / 3))


@pytest.mark.parametrize(("wanted", "planned", "any_time"), [(0.9, 29, 36), (0.99, 299, 377), (0.999, 2995, 3787)])
def test_how_many_dies_it_takes(wanted, planned, any_time):
    assert (dies_to_plan(wanted), dies_to_prove(wanted)) == (planned, any_time)
    assert proven_by_plan(planned - 1, planned - 1) < wanted <= proven_by_plan(planned, planned)
    assert proven_any_time(any_time - 1, any_time - 1) < wanted <= proven_any_time(any_time, any_time)


def test_a_proof_of_little_takes_few_dies():
    assert (dies_to_plan(0.01), dies_to_plan(0.05), dies_to_plan(0.06)) == (1, 1, 2)
    assert dies_to_prove(0.001) == 1
