"""Charges that leak within their step: the die's tables, held against the membrane's own differential equation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from small_chips import spec_of

from chipsim.design import left_of_charge
from chipsim.die import fabricate

CHARGES, RESET = (0.9, 0.1), (1.0, 0.85)


def integrated(a, window, slices=2000):
    """A current of one charge over the window, each slice of it leaking until the comparison."""
    begins, ends = window
    ages = ends + (begins - ends) * (np.arange(slices) + 0.5) / slices
    return float(np.mean(a**ages))


@given(a=st.floats(0.01, 1.0), begins=st.floats(0, 1), part=st.floats(0, 1))
def test_what_is_left_is_what_the_differential_equation_leaves(a, begins, part):
    window = (begins, begins * part)
    left = float(left_of_charge(a, window))
    assert left == pytest.approx(integrated(a, window), rel=1e-5)
    assert a - 1e-12 <= left <= 1


def test_nothing_leaks_without_a_leak_or_a_window():
    assert left_of_charge(1.0, CHARGES) == 1.0
    assert left_of_charge(0.5, None) == 1.0
    assert left_of_charge(0.5, (0.0, 0.0)) == 1.0
    assert left_of_charge(0.5, (1.0, 1.0)) == pytest.approx(0.5)
    assert left_of_charge(np.array([0.0, 1.0]), (1.0, 0.0)) == pytest.approx([0.0, 1.0], abs=2e-3)


def tables_of(**neuron):
    settings = {"kind": "lif", "tau_steps": 3.0, **neuron}
    return fabricate(spec_of(neuron=settings, noise=("mismatch:0.2@leak", "mismatch:0.1@weight")), die_seed=3)


def test_each_neuron_s_charges_leak_at_its_own_rate():
    plain, placed = tables_of(), tables_of(charge_window=CHARGES, reset_window=RESET)
    for before, after in zip(plain, placed, strict=True):
        decay = before.tables.decay.astype(np.float64)
        assert len(set(decay.tolist())) > 1
        left = np.array([integrated(a, CHARGES) for a in decay])
        np.testing.assert_allclose(after.gain, before.gain * left, rtol=2e-6)
        taken = np.array([integrated(a, RESET) for a in decay])
        np.testing.assert_allclose(after.tables.reset_charge, before.tables.reset_charge * taken, rtol=2e-6)
        for name in ("decay", "threshold", "noise"):
            np.testing.assert_array_equal(getattr(after.tables, name), getattr(before.tables, name))


def test_a_reset_at_the_step_s_beginning_is_one_before_the_leak():
    early = tables_of(reset_window=(1.0, 1.0))
    for one, other in zip(early, tables_of(reset="subtract-before-leak"), strict=True):
        np.testing.assert_allclose(one.tables.reset_charge, other.tables.reset_charge, rtol=1e-6)


@pytest.mark.parametrize(
    "neuron", [{"reset": "zero"}, {"reset": "subtract-before-leak"}], ids=["to zero", "before the leak"]
)
def test_other_resets_say_themselves_what_leaks(neuron):
    for one, other in zip(tables_of(**neuron, reset_window=RESET), tables_of(**neuron), strict=True):
        np.testing.assert_array_equal(one.tables.reset_charge, other.tables.reset_charge)


def test_so_do_exponential_currents():
    settings = {"synapse_tau_steps": 2.0}
    for one, other in zip(tables_of(**settings, charge_window=CHARGES), tables_of(**settings), strict=True):
        np.testing.assert_array_equal(one.gain, other.gain)


def test_integrators_keep_all_of_it():
    settings = {"charge_window": CHARGES, "reset_window": RESET}
    for one, other in zip(fabricate(spec_of(neuron=settings), 3), fabricate(spec_of(), 3), strict=True):
        np.testing.assert_array_equal(one.gain, other.gain)
        np.testing.assert_array_equal(one.tables.reset_charge, other.tables.reset_charge)


@pytest.mark.parametrize(
    ("neuron", "told"),
    [
        (
            {"charge_window": (0.1, 0.9)},
            r"ends before it begins: both are steps before the comparison, write \[0.9, 0.1\]",
        ),
        ({"charge_window": (1.5, 0.0)}, "less than or equal to 1"),
    ],
)
def test_windows_that_mean_nothing_are_refused(neuron, told):
    with pytest.raises(ValidationError, match=told):
        spec_of(neuron=neuron)
