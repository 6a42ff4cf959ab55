"""Exponential, minimum and maximum: sixteen numbers in a vector register and one alone give the same bits, of any bits.

Against mathematics, too, and what a number that is none of them refuses.
"""

import math

import numba
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from numba import types
from numba.extending import intrinsic

from chipsim.simd import LANES, Sequence, index
from learning_circuit import Float32, exponential, maximum, minimum

F = np.float32
LARGEST, SMALLEST = np.finfo(F).max, np.finfo(F).smallest_subnormal
SPECIAL = np.array(
    [
        0,
        -0.0,
        1,
        np.inf,
        -np.inf,
        np.nan,
        -np.nan,
        LARGEST,
        -LARGEST,
        SMALLEST,
        -SMALLEST,
        88,
        -87,
        -126.3,
        1e-39,
        1e30,
    ],
    F,
)
sixteen = st.lists(st.integers(0, 2**32 - 1), min_size=LANES, max_size=LANES).map(
    lambda bits: np.array(bits, np.uint32).view(F)
)


def compiled(formula, n):
    """Of n arguments: (n, 16) and (16,), which it fills."""

    @intrinsic
    def code(context, arguments, results):
        def generate(context, builder, signature, values):
            read, write = (Sequence(context, builder, *pair) for pair in zip(signature.args, values, strict=True))
            found = formula(*(read.load(index(LANES * k)) for k in range(n)))
            write.store(index(0), found)
            return context.get_dummy_value()

        return types.void(arguments, results), generate

    @numba.njit
    def run(arguments, results):
        code(arguments, results)

    return run


def of_lanes(run, *arguments):
    out = np.zeros(LANES, F)
    run(np.stack(arguments), out)
    return out.view(np.uint32).tolist()


def of_each(formula, *arguments):
    each = (formula(*(Float32(value) for value in values)).value for values in zip(*arguments, strict=True))
    return np.array(list(each), F).view(np.uint32).tolist()


EXPONENTIAL, MINIMUM, MAXIMUM = compiled(exponential, 1), compiled(minimum, 2), compiled(maximum, 2)
pytestmark = pytest.mark.skipif(bool(numba.config.DISABLE_JIT), reason="nothing is compiled")


@given(x=sixteen)
@example(x=SPECIAL)
def test_the_exponential_of_any_bits(x):
    assert of_lanes(EXPONENTIAL, x) == of_each(exponential, x)


@given(x=st.lists(st.floats(-90, 90, width=32), min_size=LANES, max_size=LANES).map(lambda xs: np.array(xs, F)))
def test_the_exponential_where_it_is_used(x):
    assert of_lanes(EXPONENTIAL, x) == of_each(exponential, x)


@pytest.mark.parametrize(("formula", "run"), [(minimum, MINIMUM), (maximum, MAXIMUM)], ids=["minimum", "maximum"])
@given(one=sixteen, other=sixteen)
@example(one=SPECIAL, other=SPECIAL[::-1].copy())
@example(one=SPECIAL, other=np.full(LANES, np.nan, F))
@example(one=np.full(LANES, -0.0, F), other=np.zeros(LANES, F))
def test_the_smaller_and_the_larger_of_any_bits(formula, run, one, other):
    assert of_lanes(run, one, other) == of_each(formula, one, other)


@given(x=st.floats(-87, 88, width=32))
@example(x=-87.0)
@example(x=88.0)
def test_the_exponential_against_mathematics(x):
    assert abs(float(exponential(Float32(x))) / math.exp(x) - 1) <= 3e-7


def test_the_exponential_against_mathematics_all_over(rng):
    """Sixteen at a time, with the ends and where the whole number changes."""
    halves = ((np.arange(-125, 127) - 0.5) * np.log(2)).astype(F)
    x = np.concatenate([rng.uniform(-87, 88, 99_000), halves, np.nextafter(halves, F(99)), [-87, 88]]).astype(F)
    x = x[: len(x) // LANES * LANES].reshape(-1, LANES)
    found = np.array([of_lanes(EXPONENTIAL, row) for row in x], np.uint32).view(F)
    assert np.max(np.abs(found / np.exp(x.astype(np.float64)) - 1)) <= 3e-7


def test_the_ends_of_the_exponential():
    below, nothing = np.nextafter(F(-87), F(-99)), [-np.inf, np.nan]
    assert [float(exponential(Float32(x))) for x in (below, *nothing)] == [0, 0, 0]
    assert len({float(exponential(Float32(x))) for x in (88, 89, 1e30, np.inf)}) == 1


def test_what_is_no_number_is_refused():
    """numpy would make NaN of None, and a formula that lacks its target would run."""
    with pytest.raises(TypeError, match="NoneType"):
        Float32(1) - None
    assert float(Float32(1) / 4.0) == 0.25
