"""Adaptive bisection: which level is tried next, and when it ends."""

import math
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from host.studies.bisection import Between, Outside, Try, next_step


def search(passes, ends, tolerance, whole=False, verdicts=()):
    """The answer for a chip that passes where `passes(level)` says so, and what was tried on the way."""
    known, tried = dict(verdicts), []
    while isinstance(step := next_step(known, ends, tolerance, whole), Try):
        assert step.level not in known, "asked again"
        assert ends[0] <= step.level <= ends[1]
        tried.append(step.level)
        known[step.level] = passes(step.level)
        assert len(tried) < 200
    return step, tried


levels = st.floats(0, 100).map(lambda level: round(level, 4))


@given(levels, levels, levels, st.integers(1, 200), st.booleans())
def test_the_answer_brackets_the_limit(low, high, limit, parts, rising):
    assume(high - low > 1e-3)
    tolerance = (high - low) / parts

    def passes(level):
        return (level <= limit) == rising

    answer, tried = search(passes, (low, high), tolerance)
    if passes(low) == passes(high):
        assert answer == Outside(passes(low))
        assert tried[:2] == [low, high]
        inside = sorted(tried)
        longest = max(b - a for a, b in pairwise(inside))
        assert not passes(low) or longest <= 1.11 * max(tolerance, (high - low) / 4)  # a dip would be seen
        assert len(tried) <= 2 + 4
    else:
        assert abs(answer.fails - answer.passes) <= tolerance
        assert passes(answer.passes)
        assert not passes(answer.fails)
        assert not answer.contradicting
        assert len(tried) <= 2 + 4 + math.ceil(math.log(parts, 2) / math.log(2 / 1.1, 2)) + 1


@given(st.integers(-20, 20), st.integers(1, 60), st.integers(-30, 90), st.booleans())
def test_whole_levels_are_answered_exactly(low, width, limit, rising):
    high = low + width

    def passes(level):
        return (level <= limit) == rising

    answer, tried = search(passes, (low, high), 0.01, whole=True)
    assert all(level == int(level) for level in tried)
    if passes(low) != passes(high):
        assert (answer.passes, answer.fails) == ((limit, limit + 1) if rising else (limit + 1, limit))


@given(st.dictionaries(levels, st.booleans(), max_size=12), st.integers(1, 50))
def test_any_verdicts_lead_to_an_answer(verdicts, parts):
    """However they contradict one another, what passes lies next to what fails, and what contradicts is told."""
    answer, _ = search(lambda level: level < 30, (0, 100), 100 / parts, verdicts=verdicts)
    assert isinstance(answer, Between | Outside)
    if isinstance(answer, Between):
        assert abs(answer.fails - answer.passes) <= 100 / parts
        assert all(abs(level - answer.passes) > abs(answer.fails - answer.passes) for level in answer.contradicting)


def test_levels_have_few_digits():
    _, tried = search(lambda level: level <= 0.4321, (0, 1), 0.01)
    assert tried == [0, 1, 0.5, 0.25, 0.38, 0.44, 0.41, 0.425, 0.432]


def test_what_is_known_is_not_asked_again_and_no_end_is_needed():
    answer, tried = search(lambda level: level <= 0.42, (0, 1), 0.05, verdicts={0.3: True, 0.5: False, 7.0: True})
    assert min(tried) > 0.3
    assert max(tried) < 0.5
    assert (answer.passes, answer.fails) == (0.4, 0.45)


def test_many_bits_are_mild():
    answer, _ = search(lambda bits: bits >= 4, (2, 15), 1, whole=True)
    assert answer == Between(4, 3)


@pytest.mark.parametrize("verdict", [True, False])
def test_an_end_too_near(verdict):
    assert search(lambda level: verdict, (0, 0.5), 0.1)[0] == Outside(verdict)


def test_a_contradiction_is_told_and_the_answer_cautious():
    verdicts = {0: True, 0.2: True, 0.25: False, 0.3: True, 0.6: False, 1: False}
    assert next_step(verdicts, (0, 1), 0.1, whole=False) == Between(0.2, 0.25, (0.3,))
    assert next_step({0: True, 0.5: False, 1: True}, (0, 1), 0.1, whole=False) == Outside(True, (0.5,))
    assert next_step({0.2: True, 0.3: False, 0.4: True}, (0, 1), 0.1, whole=False) == Try(0)
