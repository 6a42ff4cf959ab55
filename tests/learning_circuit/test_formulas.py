"""The circuit's formulas on single numbers: by hand, and the same as the compiled pieces make of them, bit for bit."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chipsim.kernel import boxcar, error_gate
from learning_circuit import (
    SLOPE_AND_STEP,
    Float32,
    accumulated,
    between,
    carried,
    counted_pulse,
    counted_with_misses,
    gated_error,
    gated_pulse,
    held_within,
    inside_boxcar,
    place_in_range,
    with_spread,
)

numbers = st.floats(-1e3, 1e3, width=32)
counts = st.integers(0, 300).map(float)


def f(*values):
    return [Float32(value) for value in values]


class Gates:
    """A neuron's two gates: offset, edges of the boxcar, slope, step size, dead zone."""

    def __init__(self, offset, low, high, slope, step_size, dead_zone):
        self.comparator_offset, self.boxcar_low, self.boxcar_high = f(offset, low, high)
        self.slope, self.step_size, self.dead_zone = f(slope, step_size, dead_zone)


def test_a_counter_stays_at_its_end():
    assert float(accumulated(*f(254, 1, 255))) == 255
    assert float(accumulated(*f(255, 1, 255))) == 255


def test_the_spike_at_zero_is_missed():
    count, left, missed = counted_with_misses(*f(3, 1, 0, 255))
    assert (float(count), float(left), bool(missed)) == (3, -1, True)
    count, left, missed = counted_with_misses(*f(3, 1, 2, 255))
    assert (float(count), float(left), bool(missed)) == (4, 1, False)


def test_equation_10_by_hand():
    """e = (6 - 4 + 0.5) / 8, the membrane inside the box, eta = 0.25."""
    slope, step_size = SLOPE_AND_STEP["linear"]
    pulse = gated_pulse(Gates(0.5, 0.0, 2.0, slope, step_size, 1.0), *f(6, 4, 1.5, 0.25, 1 / 8))
    assert float(pulse) == 0.25 * 2.5 / 8
    outside = gated_pulse(Gates(0.5, 0.0, 2.0, slope, step_size, 1.0), *f(6, 4, 2.0, 0.25, 1 / 8))
    assert float(outside) == 0


@pytest.mark.parametrize("kind", SLOPE_AND_STEP)
@given(difference=numbers, dead_zone=counts, steps=st.integers(1, 64))
def test_the_error_gate_is_the_compiled_one(kind, difference, dead_zone, steps):
    slope, step_size = SLOPE_AND_STEP[kind]
    arguments = (difference, 1 / steps, slope, step_size, dead_zone)
    assert gated_error(*f(*arguments)).value == np.float32(error_gate(*map(np.float32, arguments)))


@given(membrane=numbers, low=numbers, high=numbers)
def test_the_boxcar_is_the_compiled_one(membrane, low, high):
    assert bool(inside_boxcar(*f(membrane, low, high))) == boxcar(*map(np.float32, (membrane, low, high)))


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
    units = np.float32(2**bits)
    assert counted_pulse(np.float32(pulse), units, np.float32(dither)) == np.floor(
        np.float32(pulse) * units + np.float32(dither)
    )


@given(total=st.integers(-(2**20), 2**20), bits=st.integers(0, 14))
def test_what_overflows_is_truncated_toward_zero(total, bits):
    assert carried(np.int32(total), np.int32(bits)) == int(total / 2**bits)
