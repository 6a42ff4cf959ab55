"""The largest level with a wanted yield, for chips whose limits are known."""

import json
from fractions import Fraction

import pytest

from host.errors import SettingError
from host.studies.bisection import Between, Outside
from host.studies.die_yield import criterion, yields
from host.studies.limit import Question, find_limit, usual_dies
from host.sweep import Row

MOST = 400


def first_dies(level):
    """What becomes of the first dies at a level: die d bears one up to 2 q before learning, and 4 q after it.

    q lies evenly between 0 and 1, so that the yield falls in a straight line: to 0 at 2 before and at 4 after.
    """

    def point(dies):
        rows = []
        for die in range(1, dies + 1):
            quality = die * 0.6180339887498949 % 1
            before, after = (0.97 if level <= factor * quality else 0.9 for factor in (2, 4))
            rows.append(Row("", {"mismatch": level}, die, "done", None, 1.0, 1.0, before, after, 1000, None, None))
        [point] = yields(rows, criterion("0.97", None))
        return point

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
        "most_dies": MOST,
    }
    return Question(**(given | changes))


def judge_by(asked, dies_at=first_dies):
    return lambda level: asked.judged(dies_at(level))


def found(asked, known=None, dies_at=first_dies):
    return find_limit(asked, known or {}, judge_by(asked, dies_at))


@pytest.mark.parametrize(
    ("moment", "wanted", "truth"), [("after", "0.9", 0.4), ("before", "0.9", 0.2), ("before", "0.5", 1.0)]
)
def test_the_level_up_to_which_the_wanted_yield_is_proven(moment, wanted, truth):
    limit = found(question(moment=moment, wanted_yield=Fraction(wanted)))
    assert limit.found.passes <= truth < limit.fails_at
    assert limit.found.fails <= limit.found.passes + 0.02
    assert list(limit.levels) == sorted(limit.levels)
    assert set(limit.simulated) == set(limit.levels)
    assert len(limit.simulated) < 13
    for level, each in limit.levels.items():
        assert each.verdict != ("passes" if level > truth else "fails"), "no proof of what is not so"
        assert each.verdict != "undecided" or len(each.point.dies) == MOST
    assert limit.undecided, "near the limit no dies decide"


def test_what_is_clear_takes_few_dies():
    levels = found(question()).levels
    assert len(levels[4.0].point.dies) == 8
    assert len(levels[0.0].point.dies) == 36


def test_what_is_known_is_not_simulated_again():
    asked = question()
    known = {level: judge_by(asked)(level) for level in (0.0, 0.3, 0.6, 1.0)}
    limit = found(asked, known)
    assert limit.found.passes <= 0.4 < limit.fails_at
    assert all(0.0 < level < 0.6 for level in limit.simulated)
    again = found(asked, limit.levels)
    assert (again.found, again.simulated) == (limit.found, ())


def test_the_answer_in_words_and_figures():
    limit = found(question())
    told = json.loads(json.dumps(limit.to_json()))
    text = "\n".join(limit.lines())
    assert told["limit"] == limit.found.passes
    assert told["fails_at"] == limit.fails_at
    assert (
        f"proven good up to {limit.found.passes:g}, not at {limit.found.fails:g}, proven to fail at {limit.fails_at:g}"
        in text
    )
    assert "a yield of 90 %, after learning on chip" in text
    assert "Each verdict is wrong in at most 5% of such studies" in text
    assert "it holds for these 1,000 test images." in text
    assert f"Undecided with {MOST} dies: " in text
    assert told["claim"]["kind"] == "any time"
    assert told["claim"]["test_images"] == 1000
    assert (told["most_dies"], told["dies_to_prove"]) == (MOST, 36)
    at_limit = next(level for level in told["levels"] if level["level"] == told["limit"])
    assert at_limit["verdict"] == "passes"
    assert at_limit["at_least"] >= 0.9
    assert {level["verdict"] for level in told["levels"]} == {"passes", "fails", "undecided"}
    assert told["undecided"] == [level["level"] for level in told["levels"] if level["verdict"] == "undecided"]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"wanted_yield": Fraction(1)}, "--yield 100 % is proven by no number of dies: ask for 99% \\(377 dies"),
        ({"wanted_yield": Fraction(0)}, "--yield 0 % is reached by any design"),
        (
            {"wanted_yield": Fraction(99, 100), "most_dies": 20},
            "--dies 20: to prove a yield of 99 % takes 377 dies at a level, all of them good; give --dies 377 or more,"
            " or ask for no more than --yield 82.8%",
        ),
    ],
)
def test_what_no_dies_could_prove_is_told_beforehand(changes, told):
    with pytest.raises(SettingError, match=told):
        question(**changes)


def test_dies_where_nobody_says_how_many():
    assert usual_dies(Fraction(99, 100)) == 754
    with pytest.raises(SettingError, match="by no number of dies"):
        usual_dies(Fraction(1))


def test_many_bits_are_mild():
    limit = found(
        question(axis="quantization", whole=True, ends=(6, 10), tolerance=1), None, lambda level: first_dies(10 - level)
    )
    assert limit.found == Between(10, 9)
    assert limit.fails_at == 9


@pytest.mark.parametrize(
    ("ends", "verdict", "told"),
    [
        ((0, 0.2), "passes", "both reach the wanted yield"),
        ((3, 4), "fails", "neither mismatch 3 nor 4 reaches"),
        ((0.4, 0.41), "undecided", "undecided: neither mismatch 0.4 nor 0.41 is proven"),
    ],
)
def test_the_limit_lies_outside(ends, verdict, told):
    limit = found(question(ends=ends, tolerance=0.01))
    assert limit.found == Outside(verdict == "passes")
    assert told in limit.lines()[0]
    assert (limit.to_json()["limit"], limit.to_json()["fails_at"]) == (None, None)
    assert limit.to_json()["whole_range"] == verdict


def test_a_contradiction_is_told():
    asked = question(ends=(0, 4), tolerance=1)
    good, bad = judge_by(asked)(0), judge_by(asked)(4)
    assert (good.verdict, bad.verdict) == ("passes", "fails")
    limit = found(asked, {0: good, 1: bad, 1.01: good, 4: bad})
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
    """Where the yield does not fall all along the axis."""
    limit = found(question(ends=(0, 4), tolerance=0.1), None, lambda level: first_dies(4 if 0.5 < level < 1.5 else 0))
    assert limit.found == Outside(True, (1.0,))
    assert "Against that assumption: the verdict at 1." in limit.lines()[-1]
