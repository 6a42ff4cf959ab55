"""The error gate (Eqs. 9 and 11) and the boxcar gate (Eq. 8)."""

from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from learning_circuit import SLOPE_AND_STEP, ErrorGate, Float32, gated_error, gated_pulse, inside_boxcar

ABOVE, BELOW = np.float32(np.inf), np.float32(-np.inf)


def gated(gate, difference, steps=1, dead_zone=0.0):
    per_step = np.float32(1) / np.float32(steps)
    return gated_error(*map(Float32, (difference, per_step, *SLOPE_AND_STEP[gate], dead_zone))).value


def boxcar(membrane, low, high):
    return bool(inside_boxcar(*map(Float32, (membrane, low, high))))


def test_every_gate_of_the_spec_is_there():
    assert SLOPE_AND_STEP.keys() == set(get_args(ErrorGate))


@pytest.mark.parametrize("steps", [1, 2, 4, 16, 64])
@pytest.mark.parametrize("difference", [-7.0, -0.25, 0.0, 0.5, 12.0])
def test_linear_is_the_error_in_spikes_per_step(difference, steps):
    """e = y - C / t, exact where 1 / t is."""
    assert gated("linear", difference, steps) == difference / steps


def test_linear_with_a_rounded_reciprocal():
    for steps in range(1, 100):
        assert gated("linear", 5.0, steps) == pytest.approx(5 / steps, rel=2e-7)


@pytest.mark.parametrize("gate", ["sign", "ternary"])
@pytest.mark.parametrize("difference", [1e-6, 0.3, 1.0, 200.0])
def test_a_pulse_has_one_size(gate, difference):
    for steps in (1, 3, 100):
        assert gated(gate, difference, steps) == 1
        assert gated(gate, -difference, steps) == -1


@pytest.mark.parametrize("gate", get_args(ErrorGate))
def test_no_error_no_update(gate):
    assert gated(gate, 0.0, 3) == 0


@pytest.mark.parametrize("gate", ["linear", "ternary"])
@pytest.mark.parametrize("zone", [0.5, 1.0, 2.5])
def test_an_error_of_the_size_of_the_dead_zone_is_still_inside(gate, zone):
    just_inside, just_outside = np.nextafter(np.float32(zone), BELOW), np.nextafter(np.float32(zone), ABOVE)
    for difference in (0.0, just_inside, zone, -just_inside, -zone):
        assert gated(gate, difference, 1, zone) == 0
    assert gated(gate, just_outside, 1, zone) > 0
    assert gated(gate, -just_outside, 1, zone) < 0


@given(
    gate=st.sampled_from(get_args(ErrorGate)),
    difference=st.floats(-300, 300, width=32),
    steps=st.integers(1, 4096),
    zone=st.floats(0, 3, width=32),
)
def test_up_and_down_are_mirror_images(gate, difference, steps, zone):
    up, down = gated(gate, difference, steps, zone), gated(gate, -difference, steps, zone)
    assert up == -down
    assert up * difference >= 0
    assert (up == 0) <= (abs(difference) <= zone or abs(difference) < 1e-37)  # too small a float to be divided


@pytest.mark.parametrize("width", [0.5, 1.0, 2.0, 6.0])
@pytest.mark.parametrize("threshold", [1.0, 0.7])
def test_the_boxcar_excludes_its_edges(width, threshold):
    """|U - th| < p/2."""
    low, high = np.float32(threshold - width / 2), np.float32(threshold + width / 2)
    for outside in (low, high, np.nextafter(low, BELOW), np.nextafter(high, ABOVE), np.float32(-100), np.float32(100)):
        assert not boxcar(outside, low, high)
    for inside in (np.nextafter(low, ABOVE), np.nextafter(high, BELOW), np.float32(threshold)):
        assert boxcar(inside, low, high)


def test_edges_at_infinity_let_everything_pass():
    for membrane in (-1e30, -1.0, 0.0, 1.0, 1e30):
        assert boxcar(np.float32(membrane), BELOW, ABOVE)


def test_edges_that_have_crossed_let_nothing_pass():
    """A die whose lower edge came out above the upper one has a neuron that cannot learn, nothing worse."""
    for membrane in np.linspace(-1, 3, 41, dtype=np.float32):
        assert not boxcar(membrane, np.float32(1.2), np.float32(0.8))


@given(error=st.floats(-300, 300, width=32), rate=st.floats(0, 1, width=32))
def test_a_closed_boxcar_passes_no_pulse(error, rate):
    """Eq. 10: eta gate(e) box."""
    box = Float32(1.0) > 0.5
    closed = Float32(1.0) > 1.0
    assert gated_pulse(Float32(error), box, Float32(rate)).value == np.float32(rate) * np.float32(error)
    assert gated_pulse(Float32(error), closed, Float32(rate)).value == 0
