"""The built-in neurons' formulas on single numbers, by hand; that kernels compute the same: `tests/chipsim/kernel`."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chipsim import NeuronSpec
from chipsim.design import ChipError
from chipsim.neurons import (
    IntegrateAndFire,
    LeakyIntegrateAndFire,
    Readout,
    fire,
    formulas_named,
    formulas_of,
    integrated,
    neuron_named,
    neuron_of,
)
from learning_circuit import Float32

numbers = st.floats(-100, 100, width=32)
NO, YES = Float32(np.bool_(False)), Float32(np.bool_(True))


def after(membrane, spiked, current, decay=0.5, reset_charge=1.0, zero_reset=False):
    """Eq. 1."""
    flags = [YES if flag else NO for flag in (spiked, zero_reset)]
    u, i, a, th = map(Float32, (membrane, current, decay, reset_charge))
    return float(integrated(u, flags[0], i, a, th, flags[1]))


def test_equation_1_by_hand():
    assert after(2.0, False, 0.25) == 1.25
    assert after(2.0, True, 0.25) == 0.25, "the leak acts on what stood before the reset, which takes a threshold"
    assert after(2.0, True, 0.25, reset_charge=0.0, zero_reset=True) == 0.25
    assert after(2.0, False, 0.25, reset_charge=0.0, zero_reset=True) == 1.25, "who has not fired is not reset"


@given(membrane=numbers, current=numbers, charge=numbers)
def test_equation_1_in_its_order_of_operations(membrane, current, charge):
    u, i, a, th = map(np.float32, (membrane, current, 0.7, charge))
    assert after(u, False, i, a, th) == a * u + i
    assert after(u, True, i, a, th) == (a * u + i) - th
    assert after(u, True, i, a, 0.0, zero_reset=True) == a * np.float32(0) + i


@pytest.mark.parametrize("threshold", [1.0, 0.7, 2.5])
def test_equation_3_a_membrane_at_its_threshold_fires(threshold):
    th = np.float32(threshold)
    below = np.nextafter(th, np.float32(0))
    assert fire(Float32(th), Float32(th)) and fire(Float32(th + 1), Float32(th))
    assert not fire(Float32(below), Float32(th))
    assert not fire(Float32(1e30), Float32(np.inf)), "a silenced one"


@pytest.mark.parametrize(("peak", "scores"), [(1.0, [1.0, 3.0, 3.0]), (0.0, [1.0, 3.0, 2.0])])
def test_a_readout_scores_by_its_last_membrane_or_its_highest(peak, scores):
    model = Readout(LeakyIntegrateAndFire(), bool(peak))
    own = SimpleNamespace(threshold=Float32(0.5), peak=Float32(peak))
    score, found = Float32(model.first_count), []
    for membrane in (0.5, 1.5, 1.0):
        score = model.score(own, SimpleNamespace(membrane=Float32(membrane)), score)
        found.append(float(score))
    assert found == scores


def test_a_readout_is_never_reset():
    model = Readout(LeakyIntegrateAndFire(), False)
    state = SimpleNamespace(membrane=Float32(4.0))
    model.integrate(SimpleNamespace(decay=Float32(0.5)), state, YES, Float32(1.0))
    assert float(state.membrane) == 3.0 and not model.fires


def test_neurons_without_a_leak_are_computed_as_leaky_ones():
    """Whose leak their tables switch off: both have the same kernels."""
    assert formulas_of(IntegrateAndFire()) == formulas_of(LeakyIntegrateAndFire()) == "lif"
    assert type(formulas_named("lif")) is LeakyIntegrateAndFire
    assert formulas_of(formulas_named("readout")) == "readout"


def test_the_neuron_of_a_layer():
    assert type(neuron_of(NeuronSpec(kind="if"), False)) is IntegrateAndFire
    assert type(neuron_of(NeuronSpec(kind="lif", readout="integrating"), False)) is LeakyIntegrateAndFire
    assert type(neuron_of(NeuronSpec(kind="lif", readout="integrating"), True)) is Readout


def test_what_is_no_neuron_is_refused_with_those_that_are():
    with pytest.raises(ChipError, match="'resonate'.*(if|lif)"):
        neuron_named("resonate")
