"""Counters saturate, they never wrap."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from learning_circuit import Float32, accumulated, counted_with_misses, full_scale


def accumulate(value, increment, full):
    return accumulated(Float32(value), Float32(increment), Float32(full)).value


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


@given(count=st.integers(0, 255), before_miss=st.integers(-1, 3) | st.just(float("inf")), spiked=st.booleans())
def test_a_spike_counts_unless_it_is_the_one_that_is_missed(count, before_miss, spiked):
    """Nothing else is lost: what would not fit is not a miss."""
    counted, left, missed = counted_with_misses(*map(Float32, (count, float(spiked), before_miss, 255.0)))
    is_missed = spiked and before_miss <= 0
    assert bool(missed) == is_missed
    assert float(counted) == min(count + (spiked and not is_missed), 255)
    assert float(left) == before_miss - spiked
