"""Update pulses of real circuits into real devices: which columns are visited, and how far each pulse goes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from learning_circuit.update_pulse import PulseTables, open_columns, relative_step, row_pulses, write_device_row

ONE = np.float32(1)


def tables_of(n, **changes):
    """Ideal tables of n columns and one row of gains, some of them replaced."""
    ones, zeros = np.ones(n, np.float32), np.zeros(n, np.float32)
    ideal = PulseTables(
        imperfect=True,
        temporal=False,
        up=ones,
        down=ones,
        gain=ones[None],
        cycle=zeros,
        noise=zeros,
        step_up=np.ones(2, np.float32),
        step_down=np.ones(2, np.float32),
        bounded=False,
        key=np.zeros(2, np.uint64),
    )
    return ideal._replace(**{k: np.asarray(v, np.float32) if np.ndim(v) else v for k, v in changes.items()})


def opened_by(pulse, tables):
    pulse = np.asarray(pulse, np.float32)
    columns, opened = np.full(len(pulse), -1, np.int32), np.full(len(pulse), np.nan, np.float32)
    n = open_columns(columns, opened, pulse, tables)
    return columns[:n].tolist(), opened[:n].tolist()


@given(st.lists(st.sampled_from([0.0, -0.0, 0.5, -2.0]), max_size=40))
def test_open_columns_are_those_with_a_pulse(pulse):
    columns, opened = opened_by(pulse, tables_of(len(pulse)))
    assert columns == [i for i, value in enumerate(pulse) if value != 0]
    assert opened == [value for value in pulse if value != 0]


def test_up_and_down_pulses_have_gains_of_their_own():
    tables = tables_of(3, up=[2, 3, 4], down=[0.5, 0.25, 0.125])
    assert opened_by([1, -1, 1], tables) == ([0, 1, 2], [2, -0.25, 4])


@pytest.mark.parametrize("row", [0, 1])
def test_a_rows_pulses_have_its_gains_and_its_cycle_noise(row):
    gain = [[1, 2, 3, 4], [5, 6, 7, 8]]
    tables = tables_of(4, gain=gain, cycle=[0.1, 0.2, 0.3, 0.4], temporal=True)
    columns, opened = np.array([1, 3], np.int32), np.array([1, -1], np.float32)
    pulses, z = np.zeros(2, np.float32), np.array([2, -3], np.float32)
    row_pulses(pulses, opened, columns, row, tables, z)
    assert pulses == pytest.approx([gain[row][1] * 1.4, -gain[row][3] * (1 - 1.2)])


@given(steps=st.lists(st.floats(0, 5, width=32), min_size=2, max_size=40), place=st.floats(-0.5, 1.5, width=32))
def test_steps_are_interpolated(steps, place):
    steps = np.array(steps, np.float32)
    found = relative_step(steps, np.float32(place))
    assert found == pytest.approx(np.interp(place, np.linspace(0, 1, len(steps)), steps), abs=1e-5)


class Device:
    """A crossbar of one row of devices, all columns open."""

    def __init__(self, weights, gain=1.0, full_scale=1.0, **changes):
        self.weight = np.array([weights], np.float32)
        n = self.weight.shape[1]
        self.gain = np.full((1, n), gain, np.float32)
        self.full_scale = np.float32(full_scale)
        self.tables = tables_of(n, **changes)
        self.columns = np.arange(n, dtype=np.int32)

    def write(self, pulse, amplitude=1.0, noise=0.0):
        pulses, noise = (np.full(len(self.columns), x, np.float32) for x in (pulse, noise))
        amplitude = np.float32(amplitude)
        gain, tables = self.gain, self.tables
        return write_device_row(self.weight, gain, 0, self.columns, pulses, amplitude, self.full_scale, tables, noise)


def test_an_unbounded_device_moves_by_its_pulse():
    device = Device([0.5, -7], gain=2)
    assert device.write(0.25, amplitude=0.5) == 0
    assert device.weight[0].tolist() == [0.75, -6.75]


@pytest.mark.parametrize("gain", [0.5, 1.0, 3.0])
def test_a_device_stops_at_the_end_of_its_range_and_says_so(gain):
    device = Device([0.75 * gain, 0, -0.75 * gain], gain, bounded=True)
    assert device.write(0.5) == 1
    assert device.weight[0] == pytest.approx([gain, 0.5 * gain, -0.25 * gain])
    assert device.write(-3) == 3
    assert device.weight[0] == pytest.approx([-gain] * 3)
    assert device.write(-0.1) == 3


def test_what_no_current_reaches_is_left_alone():
    device = Device([0.0], gain=0, bounded=True)
    assert device.write(0.5) == 0 and device.weight[0, 0] == 0


def test_write_noise_is_in_full_scales_whatever_the_pulse():
    device = Device([0.1, 0.1], gain=2, full_scale=4, noise=[0.01, 0.02], temporal=True)
    device.write(0.05, noise=3)
    assert device.weight[0] == pytest.approx([0.1 + 2 * (0.05 + 0.12), 0.1 + 2 * (0.05 + 0.24)])


@pytest.mark.parametrize("nonlinearity", [0.5, 2.4, 5.0])
@pytest.mark.parametrize("direction", [1, -1])
def test_a_train_of_pulses_draws_the_exponential_curve(nonlinearity, direction):
    """From one end of the range to the other in n small pulses, as a device is measured."""
    n = 4000
    high_end = nonlinearity / np.expm1(nonlinearity)
    up = [high_end + nonlinearity, high_end]
    device = Device([-direction * 0.5], full_scale=0.5, bounded=True, step_up=up, step_down=up[::-1])
    p = np.arange(n + 1) / n
    seen = [device.weight[0, 0]]
    for _ in range(n):
        device.write(direction / n)  # the range is 1 wide
        seen.append(device.weight[0, 0])
    expected = (1 - np.exp(-nonlinearity * p)) / (1 - np.exp(-nonlinearity)) - 0.5
    assert direction * np.array(seen) == pytest.approx(expected, abs=2e-3)
