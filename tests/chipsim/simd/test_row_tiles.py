"""Rows added and written in registers, against one synapse after the other: every bit, for every width of tile."""

import numpy as np
import pytest

from chipsim.simd.row_tiles import LANES, add_rows, write_rows, write_rows_times_gain

N_ROWS = 9
WIDTHS = [LANES * vectors for vectors in (1, 2, 3, 7, 16, 35)]  # of 35 vectors every width of tile gets some


@pytest.fixture(params=WIDTHS)
def crossbar(request, rng):
    columns = rng.normal(0, 1, request.param).astype(np.float32)
    weight = rng.normal(0, 1, (N_ROWS, request.param)).astype(np.float32)
    gain = rng.uniform(0.5, 1.5, weight.shape).astype(np.float32)
    return columns, weight, gain


def some_rows(rng, n):
    """n different rows, and where they stand among others that are not meant."""
    return np.concatenate([[0, 1], rng.permutation(N_ROWS)[:n], [2]]).astype(np.int32), 2, 2 + n


@pytest.mark.parametrize("n", [0, 1, 8])
def test_sums_run_from_left_to_right(crossbar, rng, n):
    columns, weight, _ = crossbar
    rows, start, stop = some_rows(rng, n)
    expected = columns.copy()
    for row in rows[start:stop]:
        expected += weight[row]
    add_rows(columns, weight, rows, start, stop)
    assert np.array_equal(columns, expected)


@pytest.mark.parametrize("n", [0, 1, 8])
def test_writes_reach_their_rows_alone(crossbar, rng, n):
    columns, weight, gain = crossbar
    rows, start, stop = some_rows(rng, n)
    expected, with_gain = weight.copy(), weight.copy()
    expected[rows[start:stop]] += columns
    with_gain[rows[start:stop]] += gain[rows[start:stop]] * columns
    other, before = weight.copy(), columns.copy()
    write_rows(columns, weight, rows, start, stop)
    write_rows_times_gain(columns, other, gain, rows, start, stop)
    assert np.array_equal(weight, expected)
    assert np.array_equal(other, with_gain)
    assert np.array_equal(columns, before)
