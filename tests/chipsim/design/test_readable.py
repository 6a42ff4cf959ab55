"""Numbers as a person writes them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chipsim.design import readable


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (3.4999999999999996, "3.5"),
        (-2.7755575615628914e-16, "0"),
        (-0.0, "0"),
        (0.0, "0"),
        (-0.5, "-0.5"),
        (1e-9, "1e-09"),
        (float("inf"), "inf"),
    ],
)
def test_rounding_errors_are_not_shown(value, text):
    assert readable(value) == text


@given(st.floats(1e-11, 1e11), st.integers(2, 9))
def test_a_figure_keeps_its_digits_and_its_sign(value, digits):
    assert float(readable(value, digits)) == pytest.approx(value, rel=10.0 ** (1 - digits))
    assert readable(-value, digits) == f"-{readable(value, digits)}"
