"""Step words as the host computes them, by hand and against exact fractions."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from learning_circuit import LearningCircuitSpec, nearest_power_of_two, step_words

LSB = np.float32(0.25)


def words(rate, steps=4, **circuit):
    spec = LearningCircuitSpec(**({"arithmetic": "integer", "update_accumulator_bits": 4} | circuit))
    return step_words(spec, np.array([rate], np.float32), LSB, steps)[0].tolist()


def test_by_hand():
    """0.5 / 0.25 is 2 LSB, 32 units of LSB / 2^4, 8192 in steps of 2^-8."""
    assert words(0.5) == [8192, 4096, 2731, 2048]
    assert words(0.5, error_scale="shift", error_shift=3) == [1024]
    assert words(0.5, error_scale="none") == words(0.5, error_gate="sign") == words(0.5, error_gate="ternary") == [8192]
    assert words(0.5, step_word_bits=12) == [4095, 4095, 2731, 2048], "what does not fit is the largest word"
    assert words(0.0) == [0, 0, 0, 0]


def test_halves_go_to_even():
    halves = {"step_word_fraction_bits": 0, "update_accumulator_bits": 0, "error_gate": "ternary"}
    assert [words(0.25 * k / 2, **halves) for k in (1, 3, 5, 7)] == [[0], [2], [2], [4]]


@pytest.mark.parametrize(
    ("rate", "nearest"), [(0, 0), (1, 1), (1.49, 1), (1.5, 2), (1.51, 2), (3, 4), (0.75, 1), (2.9e-39, 2.0**-128)]
)
def test_the_nearest_power_of_two(rate, nearest):
    assert float(nearest_power_of_two(np.array(rate))) == nearest
    assert nearest == 0 or math.log2(nearest) % 1 == 0


@given(
    rate=st.floats(0, 2, width=32),
    t=st.integers(1, 40),
    fraction=st.integers(0, 24),
    bits=st.integers(2, 24),
    accumulator=st.integers(0, 14),
)
def test_a_word_is_as_near_as_it_can_be(rate, t, fraction, bits, accumulator):
    """float64 errs by far less than the half that rounding may cost."""
    found = words(rate, 40, step_word_fraction_bits=fraction, step_word_bits=bits, update_accumulator_bits=accumulator)[
        t - 1
    ]
    exact = Fraction(rate) * 2**accumulator / Fraction(float(LSB)) / t * 2**fraction
    top = 2**bits - 1
    assert found == int(found) <= top
    assert found == top if exact > top else abs(Fraction(found) - exact) <= Fraction(1, 2) + exact / 2**50
