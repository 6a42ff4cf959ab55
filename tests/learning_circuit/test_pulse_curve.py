"""Measured pulse curves: read into the steps that a device takes, or refused by line."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from learning_circuit import LearningCircuitSpec
from learning_circuit.pulse_curve import PLACES, read_pulse_curve, steps_of_curve

HEADER = "pulse,potentiation,depression\n"


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "curve.csv"

    def write(text):
        path.write_text(text)
        return str(path)

    return write


def csv_of(potentiation, depression):
    rows = zip(range(len(potentiation)), potentiation, depression, strict=True)
    return HEADER + "".join(f"{n},{up!r},{down!r}\n" for n, up, down in rows)


def test_a_linear_device_has_steps_of_one(file):
    levels = [2.0 + 0.5 * k for k in range(9)]
    up, down = read_pulse_curve(file(csv_of(levels, levels[::-1])))
    assert up == pytest.approx(np.ones(PLACES)) and down == pytest.approx(np.ones(PLACES))


@pytest.mark.parametrize("unit", [1.0, 1e-6])
def test_an_exponential_device_has_straight_steps(unit):
    """97 levels, 2.4 e-foldings: the step falls in a straight line with the conductance."""
    p = np.linspace(0, 1, 97)
    curve = unit * (3 + (1 - np.exp(-2.4 * p)) / (1 - np.exp(-2.4)))
    up, down = steps_of_curve(curve, curve[::-1])
    high_end = 2.4 / np.expm1(2.4)
    expected = high_end + 2.4 * (1 - np.linspace(0, 1, PLACES))
    assert up[1:-1] == pytest.approx(expected[1:-1], rel=0.02)
    assert np.array_equal(up, down), "depression is read back from its low end"


@given(st.lists(st.floats(0, 1), min_size=3, max_size=30).filter(lambda steps: sum(steps) > 1e-3))
def test_any_rising_curve_gives_finite_steps_of_mean_one_or_so(steps):
    curve = np.cumsum([0, *steps])
    for relative in steps_of_curve(curve, curve[::-1]):
        assert relative.shape == (PLACES,) and np.isfinite(relative).all() and (relative >= 0).all()


def test_columns_in_any_order_blank_lines_and_a_mark_of_excel(file):
    plain = read_pulse_curve(file(csv_of([0, 1, 3], [3, 2, 0])))
    other = read_pulse_curve(file("\ufeff Depression, Pulse ,potentiation\n3,0,0\n\n2,1,1\n0,2,3\n\n"))
    assert np.array_equal(plain, other)


REFUSED = {
    "0,1,3\n1,nan,2\n2,3,1\n": "line 3: potentiation 'nan' is not a finite number",
    "0,1,3\n1,2,inf\n2,3,1\n": "line 3: depression 'inf' is not a finite number",
    "0,1,3\n1,,2\n2,3,1\n": "line 3: potentiation '' is not a finite number",
    "0,1,3\n\n1,2,2\n2,3,2.5\n": "line 5: depression goes from 2 to 2.5, but it must never rise",
    "0,3,3\n1,2,2\n2,1,1\n": "line 3: potentiation goes from 3 to 2, but it must never fall",
    "0,1,3\n0,2,2\n2,3,1\n": "line 3: pulse goes from 0 to 0, but it must count upward",
    "0,1,3\n1,2\n2,3,1\n": "line 3: 2 values, but the header names 3",
    "0,1,3\n1,2,2\n": ": 2 measured pulses, at least 3 are needed",
    "0,1,3\n1,1,2\n2,1,1\n": ": a conductance that never changes",
}


@pytest.mark.parametrize("rows", REFUSED)
def test_a_bad_curve_is_refused_by_line(file, rows):
    path = file(HEADER + rows)
    with pytest.raises(ValueError, match=re.escape(REFUSED[rows])) as error:
        LearningCircuitSpec(pulse_curve_csv=path)
    assert path in str(error.value)


@pytest.mark.parametrize("header", ["", "a,b\n1,2\n", "0,1,2\n1,2,1\n", "pulse,potentiation\n1,2\n"])
def test_a_header_is_needed(file, header):
    with pytest.raises(ValueError, match="line 1: begin with a header that names pulse, potentiation, depression"):
        read_pulse_curve(file(header))


def test_a_file_that_is_not_there_or_no_text(tmp_path):
    with pytest.raises(ValueError, match=r"nowhere\.csv cannot be read: No such file"):
        LearningCircuitSpec(pulse_curve_csv=str(tmp_path / "nowhere.csv"))
    (tmp_path / "binary.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ValueError, match="is not a CSV of text"):
        LearningCircuitSpec(pulse_curve_csv=str(tmp_path / "binary.csv"))


def test_a_spec_keeps_the_numbers_not_the_file(file):
    spec = LearningCircuitSpec(pulse_curve_csv=file(csv_of([0, 1, 3], [3, 2, 0])))
    assert spec.pulse_curve_csv is None
    assert LearningCircuitSpec.model_validate(spec.model_dump()) == spec
    assert np.array_equal(spec.pulse_steps, read_pulse_curve(file(csv_of([0, 1, 3], [3, 2, 0]))))
    with pytest.raises(ValueError, match="pulse_curve_csv and pulse_steps say the same"):
        LearningCircuitSpec(pulse_curve_csv="x.csv", pulse_steps=((1, 1), (1, 1)))
