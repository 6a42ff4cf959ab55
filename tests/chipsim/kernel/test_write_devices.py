"""Writes into analog devices: how far each pulse goes, from both ends of the range, and which rows are written."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_pulse_errors import tables_of

from chipsim.kernel.write_devices import write_device_column
from chipsim.simd import list_rows, room_for_rows

NO_AMPLITUDE = np.zeros(0, np.float32)


class Device:
    """A column of devices between two others, one per row; the last row is the bias."""

    def __init__(self, weights, gain=1.0, full_scale=1.0, **changes):
        n = len(weights)
        self.weight = np.full((n, 3), np.float32(77))
        self.weight[:, 1] = weights
        self.devices = np.ones((n, 2), np.float32)
        self.devices[:, 0], self.devices[:, 1] = gain, changes.pop("pulse_gain", 1)
        self.full_scale = np.float32(full_scale)
        three = {name: np.repeat(np.atleast_1d(changes.pop(name)), 3) for name in ("cycle", "noise") if name in changes}
        self.tables = tables_of(3, **three, **changes)
        self.listed = room_for_rows(n)

    @property
    def column(self):
        assert (self.weight[:, [0, 2]] == 77).all(), "a neighbour was written"
        return self.weight[:, 1].copy()

    def write(self, pulse, rows=None, amplitude=NO_AMPLITUDE, normal=None):
        """Rows (all but the bias unless given) and the bias."""
        rows = np.arange(len(self.weight) - 1) if rows is None else np.asarray(rows)
        rows = rows.astype(np.uint16)
        n = list_rows(self.listed, rows, np.asarray(amplitude, np.float32), 0, len(rows), self.weight)
        if normal is not None:
            self.listed.normal[:n] = normal
            self.listed.normal[n:] = self.listed.normal[n - 1]
        pulse = np.float32(pulse)
        return write_device_column(self.weight, 1, self.listed, n, self.devices, pulse, self.full_scale, self.tables)


@pytest.mark.parametrize("n", [1, 2, 15, 16, 17, 33, 100])
def test_every_listed_row_is_written_once_and_no_other(n, rng):
    device = Device(np.zeros(n))
    rows = np.sort(rng.permutation(n - 1)[: (n - 1) // 2])
    assert device.write(0.25, rows) == 0
    written = np.zeros(n)
    written[[*rows, n - 1]] = 0.25
    assert np.array_equal(device.column, written)


def test_a_constant_current_scales_the_pulse_but_not_that_of_the_bias():
    device = Device([0.5, -7.0, 1.0], gain=2)
    assert device.write(0.25, amplitude=[0.5, 2]) == 0
    assert device.column.tolist() == [0.75, -6.0, 1.5]


@pytest.mark.parametrize("gain", [0.5, 1.0, 3.0])
def test_a_device_stops_at_the_end_of_its_range_and_says_so(gain):
    device = Device(np.array([0.75, 0, -0.75]) * gain, gain, bounded=True)
    assert device.write(0.5) == 1
    assert device.column == pytest.approx([gain, 0.5 * gain, -0.25 * gain])
    assert device.write(-3) == 3
    assert device.column == pytest.approx([-gain] * 3)
    assert device.write(-0.1) == 3


@pytest.mark.parametrize("bounded", [False, True])
def test_a_stuck_synapse_is_left_alone(bounded):
    device = Device([0.3, 9.0, 0.3], gain=[1, 0, 1], bounded=bounded, noise=0.1, temporal=True)
    assert device.write(0.5, normal=1) == 0
    assert device.column.tolist() == pytest.approx([0.9, 9.0, 0.9])


def test_write_noise_is_in_full_scales_whatever_the_pulse():
    device = Device([0.1, 0.1], gain=2, full_scale=4, noise=0.01, temporal=True)
    device.write(0.05, normal=3)
    assert device.column == pytest.approx([0.1 + 2 * (0.05 + 3 * 0.04)] * 2)


def test_cycle_noise_is_relative_to_the_step_and_adds_to_write_noise_as_variances_do():
    device = Device([0.1, 0.1], cycle=0.3, noise=0.04, temporal=True)
    device.write(-0.1, normal=[1, -2])
    assert device.column == pytest.approx([-0.0 + 0.05, -0.1])


def test_gains_of_pulses_belong_to_their_synapses():
    device = Device(np.zeros(3), pulse_gain=[1, 2, 3])
    device.write(0.25)
    assert device.column.tolist() == [0.25, 0.5, 0.75]


@given(
    steps=st.lists(st.floats(0.125, 4, width=32), min_size=2, max_size=40),
    places=st.lists(st.floats(-1.25, 1.25, width=32), min_size=1, max_size=40),
    up=st.booleans(),
)
def test_steps_are_interpolated_between_even_places(steps, places, up):
    """For two entries as for many, also outside the range, whichever direction has how many."""
    tables = {"step_up": steps, "step_down": np.ones(2)} if up else {"step_up": np.ones(2), "step_down": steps}
    device = Device(places, full_scale=1, bounded=True, **tables)
    before, pulse = device.column.astype(float), (1 if up else -1) / 64
    device.write(pulse)
    expected = np.interp((1 + before) / 2, np.linspace(0, 1, len(steps)), steps) * pulse
    assert device.column == pytest.approx(np.clip(before + expected, -1, 1), abs=1e-5)


@pytest.mark.parametrize("nonlinearity", [0.5, 2.4, 5.0])
@pytest.mark.parametrize("direction", [1, -1])
def test_a_train_of_pulses_draws_the_exponential_curve(nonlinearity, direction):
    """From one end of the range to the other in n small pulses, as a device is measured."""
    n = 4000
    high_end = nonlinearity / np.expm1(nonlinearity)
    up = [high_end + nonlinearity, high_end]
    device = Device([-direction * 0.5], full_scale=0.5, bounded=True, step_up=up, step_down=up[::-1])
    p = np.arange(n + 1) / n
    seen = [device.weight[0, 1]]
    for _ in range(n):
        device.write(direction / n)  # the range is 1 wide
        seen.append(device.weight[0, 1])
    expected = (1 - np.exp(-nonlinearity * p)) / (1 - np.exp(-nonlinearity)) - 0.5
    assert direction * np.array(seen) == pytest.approx(expected, abs=2e-3)
