"""How pieces of kernels are compiled."""

import numba
import numpy as np
import pytest

from chipsim.simd.jit import inlined, outlined


@pytest.mark.skipif(bool(numba.config.DISABLE_JIT), reason="nothing is compiled")
@pytest.mark.parametrize("compiled", [inlined, outlined])
def test_a_piece_answers_python_as_it_answers_a_kernel(compiled):
    @compiled
    def twice(values, n):
        for i in range(n):
            values[i] *= np.float32(2)
        return n + 1

    @numba.njit
    def kernel(values, n):
        return twice(values, n)

    values = np.ones(3, np.float32)
    assert kernel(values, 2) == 3
    assert twice(values, 1) == 2, "of types that a kernel has had it compiled for already"
    assert twice(values.astype(np.float64), np.int32(3)) == 4, "of types that are new"
    assert values.tolist() == [4, 2, 1]
