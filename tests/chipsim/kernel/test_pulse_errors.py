"""Update pulses of real circuits: which columns are visited, and what reaches their synapses."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chipsim.kernel.pulse_errors import open_columns, open_vectors, opened_pulses, row_pulses, turned_pulses
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
    opened = np.full(len(pulse), np.nan, np.float32)
    opened_pulses(opened, np.array(pulse, np.float32), tables)
    return opened.tolist()


@given(st.lists(st.sampled_from([0.0, -0.0, 0.5, -2.0]), max_size=40))
def test_open_columns_are_those_with_a_pulse(pulse):
    wide = np.zeros(-(-len(pulse) // LANES) * LANES, np.float32)
    wide[: len(pulse)] = pulse
    columns = np.full(len(wide) + LANES, -1, np.int32)
    n = open_columns(columns, np.arange(len(wide), dtype=np.int32), wide)
    found = [i for i, value in enumerate(pulse) if value != 0]
    assert columns[:n].tolist() == found
    vectors = np.full(len(wide) // LANES, 7, np.uint64)
    n = open_vectors(vectors, wide)
    assert vectors[:n].tolist() == sorted({i // LANES * LANES for i in found})


def test_up_and_down_pulses_have_gains_of_their_own():
    tables = tables_of(4, up=[2, 3, 4, 5], down=[0.5, 0.25, 0.125, 1])
    assert opened_by([1, -1, 1, 0], tables) == [2, -0.25, 4, 0]


def test_rows_below_zero_turn_up_and_down():
    tables = tables_of(3, up=[2, 3, 4], down=[0.5, 0.25, 0.125])
    turned = np.zeros(3, np.float32)
    turned_pulses(turned, np.array([1, -1, 0], np.float32), tables)
    assert turned.tolist() == [0.5, -3, 0]


@pytest.mark.parametrize("row", [0, 1])
def test_a_rows_pulses_have_its_gains_and_closed_vectors_are_left(row):
    gain = np.arange(1, 4 * LANES + 1, dtype=np.float32).reshape(2, 2 * LANES)
    opened = np.zeros(2 * LANES, np.float32)
    opened[LANES + 1], opened[LANES + 3] = 1, -1
    for gains, of in ((gain, row), (gain[:1], 0)):
        pulses = np.full(2 * LANES, 9, np.float32)
        row_pulses(pulses, opened, row, tables_of(2 * LANES, gain=gains), np.array([LANES], np.uint64))
        assert pulses.tolist() == [9] * LANES + (opened * gain[of])[LANES:].tolist()
