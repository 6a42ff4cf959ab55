"""examples/three_factor on chips, against a slow formula of its own, bit for bit: a broadcast, traces, all rows."""

import numpy as np
import pytest
from example_packages import install_example
from small_chips import lesson, spec_of
from three_factor_formula import THREE_FACTOR
from witnessed import NOISES, assert_learns_as_its_witness

CIRCUIT = {"rule": "three_factor", "trace_tau_steps": 3.0, "rule_settings": {"tag_tau_steps": 2.0, "homeostasis": 0.5}}
CASES = NOISES | {"devices": ("write:0.02", "nonlinear:2.4", "pulse:0.3", "mismatch:0.2")}


@pytest.fixture(autouse=True)
def installed(site):
    return install_example("three_factor", site)


def assert_worth_comparing(learned):
    """Both updates are made, and nothing stands still."""
    for signals in learned.signals:
        assert signals["pulse_2"].any() and len(np.unique(signals["habit"])) > 50
        assert (signals["pulse"] > 0).any() and (signals["pulse"] < 0).any()
    assert (learned.activity["spikes"] > 0).all()


@pytest.mark.parametrize("constant_current", [False, True], ids=["spikes", "current"])
@pytest.mark.parametrize("noise", CASES)
def test_it_learns_as_its_formula(noise, constant_current):
    spec = spec_of((9, 40, 10), 6, CASES[noise], circuit=CIRCUIT)
    task = lesson(spec, n_windows=2, constant_current=constant_current)
    assert task.targets == [None, None]
    assert_worth_comparing(assert_learns_as_its_witness(task, rule=THREE_FACTOR))


def test_below_a_readout():
    """Which has no spikes, so that its tag only fades."""
    spec = spec_of((5, 70, 3), 6, ("mismatch:0.2",), {"readout": "integrating"}, CIRCUIT)
    assert_learns_as_its_witness(lesson(spec, n_windows=2), threads=2, rule=THREE_FACTOR)
