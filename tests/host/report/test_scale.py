"""Places and round numbers on an axis."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host.report.scale import positions, round_steps

_finite = st.floats(-1e3, 1e3)


@given(_finite, st.floats(1e-4, 1e6), st.integers(2, 30))
def test_round_steps_enclose_the_range_evenly(low: float, width: float, most: int) -> None:
    high = low + width
    steps = round_steps(low, high, most)
    gaps = [b - a for a, b in pairwise(steps)]
    assert 2 <= len(steps) <= most
    slack = 1e-6 * max(gaps)
    assert steps[0] <= low + slack and steps[-1] >= high - slack
    assert gaps == pytest.approx([gaps[0]] * len(gaps), rel=1e-3)


def test_round_steps_are_round() -> None:
    assert round_steps(38.2, 98, 9) == [30, 40, 50, 60, 70, 80, 90, 100]
    assert round_steps(0, 0.3, 6) == [0, 0.1, 0.2, 0.3]


def test_positions() -> None:
    assert positions([0, 0.1, 0.3], 0, 30) == pytest.approx([0, 10, 30])
    assert positions([6, 4, 2], 0, 40) == pytest.approx([40, 20, 0])
    assert positions([0.001, 0.01, 0.1], 0, 20) == pytest.approx([0, 10, 20])  # by logarithm
    assert positions(["rate", "current", 3], 0, 20) == pytest.approx([0, 10, 20])
    assert positions([True, False], 0, 20) == pytest.approx([0, 20])
    assert positions([5], 0, 20) == [10]
