"""Formulas over sixteen neurons in a vector register are those over one number, bit for bit."""

from typing import get_args

import numba
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numba import types
from numba.extending import intrinsic

from chipsim.neurons import fire, integrated
from chipsim.simd import LANES, Sequence, index
from learning_circuit import (
    SLOPE_AND_STEP,
    ErrorGate,
    Float32,
    accumulated,
    counted_with_misses,
    gated_error,
    gated_pulse,
    inside_boxcar,
)

pytestmark = pytest.mark.skipif(bool(numba.config.DISABLE_JIT), reason="nothing is compiled")


def compiled(formula, n_results=1):
    """Of arrays (arguments, 16) and (results, 16), which it fills."""

    @intrinsic
    def code(context, arguments, results):
        def generate(context, builder, signature, values):
            read, write = (Sequence(context, builder, *pair) for pair in zip(signature.args, values, strict=True))
            n = formula.__code__.co_argcount
            found = formula(*(read.load(index(LANES * k)) for k in range(n)))
            for k, each in enumerate(found if n_results > 1 else [found]):
                write.store(index(LANES * k), each.as_floats())
            return context.get_dummy_value()

        return types.void(arguments, results), generate

    @numba.njit
    def run(arguments, results):
        code(arguments, results)

    return run


def a_step_of_a_neuron(membrane, spiked, current, decay, reset_charge, zero_reset, threshold):
    """Spikes and resets come as numbers."""
    after = integrated(membrane, spiked.not_equal(0.0), current, decay, reset_charge, zero_reset.not_equal(0.0))
    return after, fire(after, threshold)


def a_pulse(error, membrane, low, high, rate):
    return gated_pulse(error, inside_boxcar(membrane, low, high), rate)


numbers = st.floats(-1e3, 1e3, width=32) | st.sampled_from([0.0, 1.0, -1.0, float(np.nextafter(np.float32(1), 2))])
counts = st.integers(0, 300).map(float)
flags = st.sampled_from([0.0, 1.0])
edges = numbers | st.sampled_from([np.inf, -np.inf])
# formula -> what its arguments are drawn from, and how many results it has
FORMULAS = {
    a_step_of_a_neuron: ((numbers, flags, numbers, st.floats(0, 1, width=32), numbers, flags, edges), 2),
    accumulated: ((counts, st.floats(0, 1, width=32), st.sampled_from([1.0, 3.0, 255.0])), 1),
    counted_with_misses: ((counts, flags, st.integers(-1, 3).map(float) | st.just(np.inf), st.just(255.0)), 3),
    a_pulse: ((numbers, numbers, edges, edges, st.floats(0, 1, width=32)), 1),
}
for _gate in get_args(ErrorGate):
    _slope, _step_size = SLOPE_AND_STEP[_gate]

    def _gated(difference, per_step, slope, step_size, dead_zone):
        return gated_error(difference, per_step, slope, step_size, dead_zone)

    _gated.__name__ = f"gated_error, {_gate}"
    _per_step = st.integers(1, 64).map(lambda t: 1 / t)
    FORMULAS[_gated] = ((numbers, _per_step, st.just(_slope), st.just(_step_size), counts), 1)
KERNELS = {}


@pytest.mark.parametrize("formula", FORMULAS, ids=lambda formula: formula.__name__)
@given(data=st.data())
def test_a_compiled_formula_is_the_formula(formula, data):
    drawn, n_results = FORMULAS[formula]
    run = KERNELS.setdefault(formula, compiled(formula, n_results)) if formula not in KERNELS else KERNELS[formula]
    arguments = np.array([data.draw(st.lists(each, min_size=LANES, max_size=LANES)) for each in drawn], np.float32)
    results = np.zeros((n_results, LANES), np.float32)
    run(arguments, results)
    for lane in range(LANES):
        expected = formula(*map(Float32, arguments[:, lane]))
        for k, each in enumerate(expected if n_results > 1 else [expected]):
            found = results[k, lane]
            assert found == np.float32(each.value), (formula.__name__, arguments[:, lane], k)
