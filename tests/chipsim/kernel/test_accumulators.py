"""Counters saturate, they never wrap."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chipsim.kernel.accumulators import accumulate
from learning_circuit import full_scale


@pytest.mark.parametrize(("bits", "largest"), [(1, 1), (2, 3), (8, 255), (16, 65535), (24, 2**24 - 1)])
def test_full_scale(bits, largest):
    assert full_scale(bits) == largest
    assert full_scale(bits).dtype == np.float32


@pytest.mark.parametrize("bits", [1, 3, 6])
def test_counting_beyond_the_end_stays_at_the_end(bits):
    full, value = full_scale(bits), np.float32(0)
    for spikes in range(1, 2**bits + 20):
        value = np.float32(accumulate(value, np.float32(1), full))
        assert value == min(spikes, 2**bits - 1)


def test_the_last_count_of_the_widest_accumulator_is_exact():
    full = full_scale(24)
    assert accumulate(full - np.float32(1), np.float32(1), full) == full == 2**24 - 1
    assert accumulate(full, np.float32(1), full) == full


@given(value=st.floats(0, 255, width=32), increment=st.floats(0, 1, width=32), bits=st.integers(1, 8))
def test_a_sum_or_full_scale(value, increment, bits):
    """Target charge comes in fractions of a count."""
    value, increment, full = np.float32(value), np.float32(increment), full_scale(bits)
    assert accumulate(value, increment, full) == min(value + increment, full)
