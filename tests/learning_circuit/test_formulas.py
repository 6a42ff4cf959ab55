"""The circuit's formulas on single numbers, by hand. That compiled ones are the same: `tests/chipsim/kernel`."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from learning_circuit import (
    SLOPE_AND_STEP,
    Float32,
    LocalTandem,
    Moment,
    Seen,
    accumulated,
    between,
    carried,
    counted_pulse,
    counted_with_misses,
    held_within,
    place_in_range,
    with_spread,
)


def f(*values):
    return [Float32(value) for value in values]


def test_a_counter_stays_at_its_end():
    assert float(accumulated(*f(254, 1, 255))) == 255
    assert float(accumulated(*f(255, 1, 255))) == 255


def test_the_spike_at_zero_is_missed():
    count, left, missed = counted_with_misses(*f(3, 1, 0, 255))
    assert (float(count), float(left), bool(missed)) == (3, -1, True)
    count, left, missed = counted_with_misses(*f(3, 1, 2, 255))
    assert (float(count), float(left), bool(missed)) == (4, 1, False)


@pytest.mark.parametrize(("membrane", "pulse"), [(1.5, 0.25 * 2.5 / 8), (2.0, 0.0), (0.0, 0.0)])
def test_equation_10_by_hand(membrane, pulse):
    """e = (6 - 4 + 0.5) / 8, the membrane inside the box or at its edges, eta = 0.25."""
    offset, low, high, slope, step_size, dead_zone = f(0.5, 0.0, 2.0, *SLOPE_AND_STEP["linear"], 1.0)
    own = SimpleNamespace(comparator_offset=offset, boxcar_low=low, boxcar_high=high)
    own.slope, own.step_size, own.dead_zone = slope, step_size, dead_zone
    u, count, target_count, rate, per_step = f(membrane, 4, 6, 0.25, 1 / 8)
    seen = Seen(membrane=u, spiked=None, count=count, target_count=target_count, target=None)
    state = SimpleNamespace()
    [found] = LocalTandem().pulses(own, state, seen, Moment(rate=rate, per_step=per_step, broadcast=None))
    assert float(found) == pulse
    assert float(state.error) == 2.5 / 8 and bool(state.boxcar) == (pulse != 0), "what probes show of it"


@pytest.mark.parametrize(("weight", "place"), [(-2.0, 0.0), (-1.0, 0.0), (0.0, 0.5), (1.0, 1.0), (3.0, 1.0)])
def test_places_in_a_range(weight, place):
    assert float(place_in_range(*f(weight, 1.0))) == place
    assert float(place_in_range(*f(weight, 0.0))) == 0.5, "a range that is nothing"


def test_a_write_is_spread_and_held():
    assert float(between(*f(1.0, 3.0, 0.25))) == 1.5
    assert float(with_spread(*f(2.0, 1.5, 4.0, -1.0))) == 2 - 5, "3 and 4 make 5"
    assert [float(held_within(*f(w, 1.0))) for w in (-4.0, 0.5, 4.0)] == [-1.0, 0.5, 1.0]


@given(pulse=st.floats(-4, 4, width=32), dither=st.floats(0, 0.96875, width=32), bits=st.integers(0, 14))
def test_a_pulse_is_counted_in_whole_units(pulse, dither, bits):
    counted = counted_pulse(*f(pulse, 2**bits, dither))
    assert float(counted) == np.floor(np.float32(pulse) * np.float32(2**bits) + np.float32(dither))


def test_no_pulse_counts_for_more_than_an_int32_holds():
    assert [float(counted_pulse(*f(pulse, 2.0**14, 0.5))) for pulse in (3e38, -3e38)] == [2.0**30, -(2.0**30)]


@given(total=st.integers(-(2**20), 2**20), bits=st.integers(0, 14))
def test_what_overflows_is_truncated_toward_zero(total, bits):
    assert carried(np.int32(total), np.int32(bits)) == int(total / 2**bits)
