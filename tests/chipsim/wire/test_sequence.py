"""Numbers that go round: the next one, and which of two is the later."""

from decoder_from_document import number_after
from hypothesis import given
from hypothesis import strategies as st

from chipsim.wire.sequence import ROUND, following, is_later, steps

NUMBERS = st.integers(1, ROUND) | st.integers(1, 5) | st.integers(ROUND - 5, ROUND)
AHEAD = st.integers(1, 2**31 - 1) | st.integers(1, 5)


def test_after_the_last_comes_the_first():
    assert ROUND == 2**32 - 1
    assert [following(n) for n in (0, 1, ROUND - 1, ROUND)] == [1, 2, ROUND, 1]


@given(NUMBERS)
def test_as_the_document_says(number):
    assert following(number) == number_after(number)
    assert steps(number, following(number)) == 1


@given(NUMBERS, AHEAD)
def test_the_later_of_two_is_less_than_half_a_round_ahead(number, ahead):
    later = (number + ahead - 1) % ROUND + 1
    assert steps(number, later) == ahead
    assert is_later(later, number) and not is_later(number, later)
    assert not is_later(number, number)
