"""Direct writes: which synapses move, and by how much."""

import numpy as np
import pytest

from chipsim.kernel.write_rows import write_constant_current_rows, write_row, write_rows

N_IN, N_OUT = 13, 48  # whole vectors, and more than one tile


@pytest.fixture(params=[1, N_IN + 1], ids=["a gain per column", "a gain per synapse"])
def crossbar(request, rng):
    weight = rng.normal(0, 1, (N_IN + 1, N_OUT)).astype(np.float32)
    gain = rng.uniform(0.5, 1.5, (request.param, N_OUT)).astype(np.float32)
    return weight, gain


def gain_of(gain, row):
    return gain[row if len(gain) > 1 else 0]


# Zero, one, and several rows: whole passes of two and four rows, and every remainder.
@pytest.mark.parametrize("n_rows", range(10))
def test_rows_that_spiked_move(crossbar, rng, n_rows):
    weight, gain = crossbar
    rows = np.sort(rng.permutation(N_IN)[:n_rows]).astype(np.int32)
    pulse = rng.normal(0, 1, N_OUT).astype(np.float32)
    expected = weight.copy()
    for row in rows:
        expected[row] += gain_of(gain, row) * pulse
    among_others = np.array([0, *rows, 0], np.int32)
    write_rows(weight, gain, among_others, 1, 1 + n_rows, pulse, np.zeros(N_OUT, np.float32))
    assert np.array_equal(weight, expected)


@pytest.mark.parametrize("n_rows", [0, 1, 5])
def test_a_constant_current_moves_its_rows_by_its_amplitude(crossbar, rng, n_rows):
    weight, gain = crossbar
    rows = np.sort(rng.permutation(N_IN)[:n_rows]).astype(np.int32)
    amplitude = rng.random(n_rows).astype(np.float32)
    pulse = rng.normal(0, 1, N_OUT).astype(np.float32)
    expected = weight.copy()
    for row, x in zip(rows, amplitude, strict=True):
        expected[row] += gain_of(gain, row) * (pulse * x)
    write_constant_current_rows(weight, gain, rows, amplitude, pulse)
    assert np.array_equal(weight, expected)


def test_one_row(crossbar, rng):
    weight, gain = crossbar
    pulse = rng.normal(0, 1, N_OUT).astype(np.float32)
    expected = weight.copy()
    expected[N_IN] += gain_of(gain, N_IN) * pulse
    write_row(weight, gain, N_IN, pulse)
    assert np.array_equal(weight, expected)
