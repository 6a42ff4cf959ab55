"""Traces of a run without a teacher: thresholds that adapt are signals, and the die is the one that the run had."""

import numpy as np
import pytest
from small_chips import assert_same_state
from small_runs import write_npz

from host.methods import find
from host.run import prepare, resolve
from host.trace import trace, vcd_text

EVERY_NEURON = [(1, neuron) for neuron in range(12)]


@pytest.fixture(scope="module")
def spec_of(tmp_path_factory):
    data = write_npz(tmp_path_factory.mktemp("data") / "small.npz")
    small = {"training.method": "stdp", "hidden": [12], "steps": 16, "training.epochs": 2, "dataset": str(data)}
    return lambda **settings: resolve(None, small | settings)


def theta_of(neuron):
    [theta] = [each.values for each in neuron.own if each.field.name == "theta"]
    return theta


def test_thresholds_rise_at_spikes(spec_of):
    traced = trace(spec_of(noise=["mismatch:0.2", "trace:0.2"]), EVERY_NEURON, after=40, samples=(0, 1, 2))
    assert sum(int(neuron.spike.sum()) for neuron in traced.neurons) > 3
    for neuron in traced.neurons:
        rises = np.diff(theta_of(neuron), axis=1)
        assert np.array_equal(rises > 0.5, neuron.spike[:, 1:] == 1)
        assert (theta_of(neuron)[1:, 0] <= theta_of(neuron)[:-1, -1] + neuron.spike[1:, 0]).all(), "they leak"
        assert neuron.pulse[neuron.spike == 1].all() and not neuron.pulse[neuron.spike == 0].any()
        assert any(name.startswith("trace_decay_row") for name in neuron.errors), "each row's own time constant"
    assert "theta" in vcd_text(traced, 1e-6)


def test_a_look_without_learning_raises_none(spec_of):
    traced = trace(spec_of(), EVERY_NEURON, after=40, samples=(5, 0), learn=False)
    for neuron in traced.neurons:
        assert len(np.unique(theta_of(neuron))) == 1


def test_learned_before_is_the_run_until_there(spec_of):
    """Cuts and levels included."""
    often = {"stdp.prune.below": 0.1, "stdp.prune.every": 30, "stdp.prune.after": 0}
    spec = spec_of(**often, **{"training.chunk": 7})
    setup, method = prepare(spec), find("stdp")
    mine, theirs = (setup.chip(setup.design, setup.start_weights(), 1) for _ in range(2))
    method.learn_first(setup, mine, 95, lambda done: None)
    for part, _ in method._advance(setup, theirs, None, 0, 95):
        last = part.done
    assert last == 95
    assert_same_state(mine, theirs)
    assert not mine.snapshot()["layer1.kept"].all()


def test_the_ideal_chips_weights_are_where_a_die_starts_that_only_adapts(spec_of):
    traced = trace(spec_of(**{"training.start": "teacher"}), EVERY_NEURON, after=10, samples=(0,))
    assert not any(neuron.pulse.any() for neuron in traced.neurons)
    assert any(theta_of(neuron)[0, 0] > 5 for neuron in traced.neurons)
