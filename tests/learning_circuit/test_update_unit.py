"""Direct writes: which synapses move, and by how much."""

import numpy as np
import pytest

from learning_circuit.update_unit import write_row, write_rows, write_rows_graded

N_IN, N_OUT = 13, 21


@pytest.fixture(params=[1, N_IN + 1], ids=["a gain per column", "a gain per synapse"])
def crossbar(request, rng):
    weight = rng.normal(0, 1, (N_IN + 1, N_OUT)).astype(np.float32)
    gain = rng.uniform(0.5, 1.5, (request.param, N_OUT)).astype(np.float32)
    return weight, gain


def gain_of(gain, row):
    return gain[row if len(gain) > 1 else 0]


# Zero, one, and several rows: whole passes of two and four rows, and every remainder.
@pytest.mark.parametrize("n_rows", range(10))
@pytest.mark.parametrize(("first", "last"), [(0, N_OUT), (3, 12), (16, 21)])
def test_rows_that_spiked_move_in_the_columns_asked_for(crossbar, rng, n_rows, first, last):
    weight, gain = crossbar
    rows = np.sort(rng.permutation(N_IN)[:n_rows]).astype(np.int32)
    pulse = rng.normal(0, 1, last - first).astype(np.float32)
    expected = weight.copy()
    for row in rows:
        expected[row, first:last] += gain_of(gain, row)[first:last] * pulse
    write_rows(weight, gain, rows, pulse, np.zeros(last - first, np.float32), first, last)
    assert np.array_equal(weight, expected)


@pytest.mark.parametrize("n_rows", [0, 1, 5])
def test_a_constant_current_moves_its_rows_by_its_amplitude(crossbar, rng, n_rows):
    weight, gain = crossbar
    rows = np.sort(rng.permutation(N_IN)[:n_rows]).astype(np.int32)
    amplitude = rng.random(n_rows).astype(np.float32)
    pulse = rng.normal(0, 1, 9).astype(np.float32)
    expected = weight.copy()
    for row, x in zip(rows, amplitude, strict=True):
        expected[row, 3:12] += gain_of(gain, row)[3:12] * (pulse * x)
    write_rows_graded(weight, gain, rows, amplitude, pulse, 3, 12)
    assert np.array_equal(weight, expected)


def test_one_row(crossbar, rng):
    weight, gain = crossbar
    pulse = rng.normal(0, 1, 9).astype(np.float32)
    expected = weight.copy()
    expected[N_IN, 3:12] += gain_of(gain, N_IN)[3:12] * pulse
    write_row(weight, gain, N_IN, pulse, 3, 12)
    assert np.array_equal(weight, expected)
