"""examples/delta_rule on chips, against a slow formula of its own, bit for bit."""

import numpy as np
import pytest
from example_packages import install_example
from reference_formulas import RuleFormula
from small_chips import lesson, spec_of
from witnessed import NOISES, SIZES, assert_learns_as_its_witness

F = np.float32
CIRCUIT = {"rule": "delta_rule"}


def error_of(own, seen):
    """Widrow and Hoff 1960: e = d - y, both rates counted over the t steps so far."""
    return ((seen.target_count - seen.count) + own.comparator_offset) * (F(1) / F(seen.t))


def observe(own, state, seen):
    state["mean_error"] += (error_of(own, seen) - state["mean_error"]) * (F(1) / F(seen.t))


def pulses(own, state, seen):
    """eta e x: x is the row's spike."""
    state["error"] = error_of(own, seen)
    return [seen.rate * state["error"]]


DELTA_RULE = RuleFormula(pulses, {"mean_error": F(0), "error": F(0)}, observe=observe, shows=("error",))


@pytest.fixture(autouse=True)
def installed(site):
    return install_example("delta_rule", site)


@pytest.mark.parametrize("constant_current", [False, True], ids=["spikes", "current"])
@pytest.mark.parametrize("noise", NOISES)
def test_it_learns_as_its_formula(noise, constant_current):
    spec = spec_of(SIZES, 8, NOISES[noise], circuit=CIRCUIT)
    learned = assert_learns_as_its_witness(
        lesson(spec, n_windows=2, constant_current=constant_current), rule=DELTA_RULE
    )
    assert (learned.activity["weight_updates"] > 0).all()
    for signals in learned.signals:
        assert len(np.unique(signals["mean_error"])) > 50 and len(np.unique(signals["error"])) > 50


@pytest.mark.parametrize("width", [10, 40, 70])
def test_any_width_of_leaky_neurons(width):
    neuron = {"kind": "lif", "tau_steps": 4.0, "readout": "integrating"}
    spec = spec_of((5, width, 3), 6, ("mismatch:0.2",), neuron, CIRCUIT | {"warm_up_steps": 0})
    assert_learns_as_its_witness(lesson(spec, n_windows=2), threads=2, rule=DELTA_RULE)


def test_the_mean_is_that_of_the_errors():
    """By hand, with the offset that the die has."""
    spec = spec_of((6, 20), 8, ("comparator:0.5",), circuit=CIRCUIT)
    learned = assert_learns_as_its_witness(lesson(spec), rule=DELTA_RULE)
    [signals] = learned.signals
    means = np.cumsum(signals["error"].astype(np.float64), axis=1) / np.arange(1, 9)[:, None]
    assert np.allclose(signals["mean_error"], means, atol=1e-6)
