"""Row numbers copied many at once are those that a plain slice would hold, wherever in a buffer they stand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chipsim.simd.row_copies import AT_ONCE, append_shifted


@pytest.mark.parametrize("kinds", [(np.uint16, np.uint16), (np.uint16, np.int32), (np.int32, np.uint16)])
@given(st.integers(0, 300), st.integers(0, 300), st.integers(0, 200), st.integers(0, 20))
@settings(max_examples=50, deadline=None)
def test_equals_a_slice(kinds, begin, size, after, n):
    to, of = kinds
    source = np.arange(100, 100 + begin + size + after).astype(of)
    target = np.zeros(n + size + AT_ONCE, to)
    target[:n] = 7
    assert append_shifted(target, n, source, begin, begin + size, -60) == n + size
    assert (target[:n] == 7).all()
    assert target[n : n + size].tolist() == list(range(40 + begin, 40 + begin + size))
