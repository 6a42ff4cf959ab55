"""The largest level with a wanted yield, for chips whose limits are known."""

import json
from fractions import Fraction

import pytest

from host.errors import SettingError
from host.studies.bisection import Between, Outside
from host.studies.die_yield import criterion, yields
from host.studies.limit import Question, find_limit
from host.sweep import Row

DIES = 20


def chips(level):
    """Die d bears a level of d / 10 before learning, and twice that after it."""
    rows = []
    for die in range(1, DIES + 1):
        before, after = (0.97 if level <= factor * die / 10 else 0.9 for factor in (1, 2))
        rows.append(Row("", {"mismatch": level}, die, "done", None, 1.0, 1.0, before, after, 1000, None, None))
    [point] = yields(rows, criterion("0.97", None))
    return point


def question(**changes):
    given = {
        "axis": "mismatch",
        "whole": False,
        "ends": (0.0, 4.0),
        "tolerance": 0.02,
        "wanted_yield": Fraction(9, 10),
        "criterion": criterion("0.97", None),
        "moment": "after",
    }
    return Question(**(given | changes))


@pytest.mark.parametrize(
    ("moment", "wanted", "truth"),
    [("after", "1", 0.2), ("after", "0.9", 0.6), ("before", "0.9", 0.3), ("before", "0.5", 1.1)],
)
def test_the_level_that_the_wanted_share_of_dies_bears(moment, wanted, truth):
    limit = find_limit(question(moment=moment, wanted_yield=Fraction(wanted)), {}, chips)
    assert limit.found.passes <= truth < limit.found.fails <= limit.found.passes + 0.02
    assert list(limit.levels) == sorted(limit.levels)
    assert set(limit.simulated) == set(limit.levels)
    assert len(limit.simulated) < 13


def test_what_is_known_is_not_simulated_again():
    known = {level: chips(level) for level in (0.0, 0.5, 0.7, 1.0)}
    limit = find_limit(question(), known, chips)
    assert limit.found.passes <= 0.6 < limit.found.fails
    assert all(0.5 < level < 0.7 for level in limit.simulated)
    again = find_limit(question(), limit.levels, chips)
    assert (again.found, again.simulated) == (limit.found, ())


def test_the_answer_in_words_and_figures():
    limit = find_limit(question(), {}, chips)
    told = json.loads(json.dumps(limit.to_json()))
    text = "\n".join(limit.lines())
    assert told["limit"] == limit.found.passes
    assert told["fails_at"] == limit.found.fails
    assert f"good up to {limit.found.passes:g}, no more at {limit.found.fails:g}" in text
    assert "a yield of 90 %, after learning on chip" in text
    at_limit = next(level for level in told["levels"] if level["level"] == told["limit"])
    assert (at_limit["good"], at_limit["dies"], at_limit["passes"]) == (18, 20, True)
    assert at_limit["worst_die"] == 1
    assert told["claimable_yield"] == at_limit["interval"][0] == pytest.approx(0.699, abs=0.001)
    assert "no more than a yield of 69.9 % is proven" in text
    assert told["dies_to_claim"] == 35
    assert "takes 35 dies or more, even if all are good" in text


def test_a_yield_of_one_can_be_wanted_but_never_proven():
    limit = find_limit(question(wanted_yield=Fraction(1)), {}, chips)
    assert limit.to_json()["dies_to_claim"] is None
    assert "a yield of 83.9 % is proven (Wilson, 95%).\n" in "\n".join(limit.lines())


def test_many_bits_are_mild():
    def bits(level):
        return chips(10 - level)

    limit = find_limit(question(axis="quantization", whole=True, ends=(6, 10), tolerance=1), {}, bits)
    assert limit.found == Between(10, 9)


@pytest.mark.parametrize(
    ("ends", "passes", "told"),
    [((0, 0.5), True, "both reach the wanted yield"), ((3, 4), False, "neither mismatch 3 nor")],
)
def test_the_limit_lies_outside(ends, passes, told):
    limit = find_limit(question(ends=ends), {}, chips)
    assert limit.found == Outside(passes)
    assert told in limit.lines()[0]
    assert limit.to_json()["limit"] is None
    assert limit.to_json()["whole_range"] == ("passes" if passes else "fails")


def test_a_contradiction_is_told():
    good, bad = chips(0), chips(4)
    known = {0: good, 1: bad, 1.01: good, 4: bad}
    limit = find_limit(question(ends=(0, 4), tolerance=1), known, chips)
    assert limit.found == Between(0, 1, (1.01,))
    assert "Against that assumption: the verdict at 1.01." in limit.lines()[-1]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"ends": (1, 1)}, "--between 1,1: .*the smaller first"),
        ({"ends": (1, float("nan"))}, "--between 1,nan"),
        ({"ends": (0, float("inf"))}, "--between 0,inf"),
        ({"ends": (2, 8.5), "whole": True, "tolerance": 1}, "whole levels only"),
        ({"tolerance": 0}, "--tolerance 0 is not a number of at least 0.0004"),
        ({"tolerance": float("nan")}, "--tolerance nan"),
        ({"tolerance": -1}, "--tolerance -1"),
    ],
)
def test_a_question_that_makes_no_sense(changes, told):
    with pytest.raises(SettingError, match=told):
        question(**changes)


def test_a_dip_between_the_ends_is_seen():
    """Mild dies that stay as they were found can be worse than those that are bad enough to be repaired."""

    def dips(level):
        return chips(4) if 0.5 < level < 1.5 else chips(0)

    limit = find_limit(question(ends=(0, 4), tolerance=0.1), {}, dips)
    assert limit.found == Outside(True, (1.0,))
    assert "Against that assumption: the verdict at 1." in limit.lines()[-1]
