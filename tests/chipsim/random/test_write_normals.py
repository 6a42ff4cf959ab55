"""The compiled random numbers of writes are those of the formula, in vectors and one by one."""

import numpy as np
import pytest
from reference_random import normal_of_write

from chipsim.random.write_normals import normal_of_write as compiled
from chipsim.random.write_normals import normals_of_rows
from chipsim.random.write_words import words_of_columns
from nonideality import stream_key

KEY = stream_key("update pulses", 7)
WINDOW, LAYER, COLUMN = 2**33 + 5, 2, 1000


@pytest.mark.parametrize("step", [0, 3, 4095])
@pytest.mark.parametrize("n", [1, 15, 16, 17, 40])
def test_they_are_the_witness(n, step, rng):
    rows = np.zeros(48, np.int32)
    rows[:n] = np.sort(rng.choice(2**20, n, replace=False))
    words = np.zeros((2, 1), np.uint32)
    words_of_columns(words, KEY, WINDOW, LAYER, COLUMN)
    z = np.zeros(48, np.float32)
    normals_of_rows(z, rows, n, step, *words[:, 0])
    expected = [normal_of_write(KEY, WINDOW, LAYER, step, row, COLUMN) for row in rows[:n]]
    assert z[:n].tolist() == [float(x) for x in expected]
    assert [compiled(row, step, *words[:, 0]) for row in rows[:n]] == z[:n].tolist()
