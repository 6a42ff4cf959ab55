"""IR drop against nodal analysis: exact where it promises to be, close where it does not, rows and columns apart."""

import numpy as np
import pytest
from nodal_analysis import column_currents

from nonideality import LayerErrors, NoiseError, parse
from nonideality.ir import Ir, ladder


def gains(noise, n_rows, n_columns):
    """Each synapse's gain under `noise`, the bias being the last of the rows."""
    errors = LayerErrors(n_rows - 1, n_columns, "hidden")
    parsed = parse(noise)
    for site in parsed.sites:
        parsed.effect.fill(site, errors, np.random.default_rng(0))
    return errors.weight_gain


def driven(conductance, wire, rows, **wires):
    """Column currents if `rows` are driven with 1 V, the others cut off."""
    volts = np.full(len(conductance), np.nan)
    volts[rows] = 1.0
    return column_currents(conductance, wire, volts, **wires)


@pytest.mark.parametrize("wire", [1e-4, 1e-2, 0.3])
def test_exact_for_uniform_rows(wire):
    gain = gains(f"ir:{wire}@row,conductance=0.5", 3, 20)
    exact = driven(np.full((3, 20), 0.5), wire, [0, 1, 2], columns_have_wires=False)
    assert gain.shape == (1, 20)
    assert np.allclose(3 * 0.5 * gain[0], exact, rtol=1e-6)


@pytest.mark.parametrize("wire", [1e-4, 1e-2, 0.3])
def test_exact_for_uniform_columns(wire):
    """Each row's own share of a column's current, all rows loading it: with the one row driven, the others at 0 V."""
    gain = gains(f"ir:{wire}@column,conductance=0.5,activity=1", 20, 3)
    assert gain.shape == (20, 3)
    for row in (0, 7, 19):
        exact = column_currents(np.full((20, 3), 0.5), wire, np.eye(20)[row], rows_have_wires=False)
        assert np.allclose(0.5 * gain[row], exact, rtol=1e-6)


def test_rows_and_columns_are_not_swapped():
    """Far from the drivers is at high columns; far from the neurons is at low rows. The bias sits next to them."""
    along_row, along_column = gains("ir:0.01@row", 9, 6), gains("ir:0.01@column", 9, 6)
    assert (np.diff(along_row[0]) < 0).all()
    assert (np.diff(along_column, axis=0) > 0).all() and (np.diff(along_column, axis=1) == 0).all()
    assert np.array_equal(gains("ir:0.01", 9, 6), along_row * along_column)
    # A synapse in a corner, alone: which corner counts less is decided by Kirchhoff, not by us.
    corner = {}
    for row in (0, 8):
        for column in (0, 5):
            conductance = np.full((9, 6), 1e-9)
            conductance[row, column] = 1.0
            corner[row, column] = driven(conductance, 0.01, [row])[column]
    assert corner[8, 0] > corner[0, 0] > corner[0, 5] and corner[8, 0] > corner[8, 5] > corner[0, 5]


def test_a_square_array_driven_alike_is_symmetric():
    """With all rows active, the column ladder read from its neuron is the row ladder read from its driver."""
    along_row = gains("ir:0.02@row,activity=1", 12, 12)[0]
    along_column = gains("ir:0.02@column,activity=1", 12, 12)[:, 0]
    assert np.array_equal(along_row, along_column[::-1])


def relative_errors(wire, n_rows=64, n_columns=32, activity=0.2, trials=5):
    """Of a column's current, random conductances and random rows: with the approximation and without any."""
    rng = np.random.default_rng(1)
    with_gain, without = [], []
    for _ in range(trials):
        conductance = rng.uniform(0, 1, (n_rows, n_columns))
        rows = rng.permutation(n_rows)[: round(activity * n_rows)]
        exact = driven(conductance, wire, rows)
        gain = gains(f"ir:{wire},conductance=0.5,activity={activity}", n_rows, n_columns)
        with_gain.append((gain * conductance)[rows].sum(axis=0) / exact - 1)
        without.append(conductance[rows].sum(axis=0) / exact - 1)
    return np.abs(with_gain), np.abs(without)


@pytest.mark.parametrize(("wire", "worst"), [(1e-5, 0.001), (1e-4, 0.01), (1e-3, 0.08)])
def test_close_to_the_exact_currents_of_random_arrays(wire, worst):
    """What nonideality/README.md says of the approximation's error; ignoring the wires is several times further off."""
    approximated, ignored = relative_errors(wire)
    assert approximated.max() < worst
    assert approximated.mean() < ignored.mean() / 5


def test_no_resistance_is_exactly_ideal():
    assert (gains("ir:0", 5, 4) == 1).all()


def test_a_long_line_does_not_overflow():
    voltage = ladder(100_000, 4.0)
    assert np.isfinite(voltage).all() and (np.diff(voltage) <= 0).all() and 0 < voltage[0] < 1


def test_ohms():
    assert Ir(2.5, {"on": 25_000}).row_load == pytest.approx(Ir(1e-4).row_load)


@pytest.mark.parametrize("option", ["on=0", "on=nan", "conductance=0", "conductance=1.1", "activity=-1"])
def test_impossible_options(option):
    with pytest.raises(NoiseError, match=f"^ir: {option.split('=')[0]} "):
        parse(f"ir:0.01,{option}")


def test_ohms_beyond_all_numbers():
    with pytest.raises(NoiseError, match=r"^ir: 1e\+300 ohm of wire per cell of 1e-20 ohm are beyond all numbers"):
        parse("ir:1e300,on=1e-20")
