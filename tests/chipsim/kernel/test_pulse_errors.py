"""Update pulses of real circuits: which columns are visited, and what reaches their synapses."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chipsim.kernel.pulse_errors import open_columns, opened_pulses, row_pulses
from chipsim.layout import PulseTables
from chipsim.simd import LANES


def tables_of(n, **changes):
    """Ideal tables of n columns and one gain for each, some of them replaced."""
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
    wide = np.zeros(-(-len(pulse) // LANES) * LANES, np.float32)
    wide[: len(pulse)] = pulse
    columns, opened = np.full(len(wide) + LANES, -1, np.int32), np.full(len(wide), np.nan, np.float32)
    n = open_columns(columns, np.arange(len(wide), dtype=np.int32), wide)
    opened_pulses(opened, columns, n, wide, tables)
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
def test_a_rows_pulses_have_its_gains(row):
    gain = [[1, 2, 3, 4], [5, 6, 7, 8]]
    columns, opened = np.array([1, 3], np.int32), np.array([1, -1], np.float32)
    pulses = np.zeros(2, np.float32)
    row_pulses(pulses, opened, columns, row, tables_of(4, gain=gain))
    assert pulses.tolist() == [gain[row][1], -gain[row][3]]
    row_pulses(pulses, opened, columns, row, tables_of(4, gain=gain[:1]))
    assert pulses.tolist() == [2, -4]
