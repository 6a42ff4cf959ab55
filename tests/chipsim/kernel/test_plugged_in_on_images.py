"""A neuron and a learning rule of other packages on layers of images: each position lives its own life.

The rule makes two updates, of active rows and of all, from a broadcast; both keep something for life.
"""

import dataclasses

import numpy as np
import pytest
from example_packages import install_example
from plug_ins_of_chips import write_chip_parts
from reference_formulas import NeuronFormula
from small_chips import assert_same_result, assert_same_state, lesson, programmed, taught
from small_images import image_spec, small_net
from three_factor_formula import THREE_FACTOR
from witnessed import assert_learns_as_its_witness

F = np.float32


def integrate(own, state, spiked, charge):
    """A spike empties the membrane and raises the limit for good."""
    if spiked:
        return {"membrane": charge, "weariness": state["weariness"] + F(0.125)}
    return {"membrane": state["membrane"] + charge, "weariness": state["weariness"]}


def fires(own, state):
    return state["membrane"] >= own.limit + state["weariness"]


WEARY = NeuronFormula(integrate, fires, life={"weariness": F(0)})
UNTRACED = dataclasses.replace(THREE_FACTOR, updates=("spikes", "all"))  # rows leave no traces on images
CIRCUIT = {"rule": "three_factor", "rule_settings": {"tag_tau_steps": 2.0, "homeostasis": 0.5}}
NOISES = {
    "mismatch": ("mismatch:0.2", "silencing:0.1", "pelgrom:0.05@capacitance,capacitance=1"),
    "few bits": ("quantization:4", "thermal:0.1"),
    "devices": ("write:0.02", "nonlinear:2.4", "pulse:0.3"),
}


@pytest.fixture(autouse=True)
def installed(site):
    write_chip_parts(site)
    install_example("three_factor", site)


def task_on_images(form, noise="mismatch", **options):
    return lesson(
        image_spec(small_net(form), noise=NOISES[noise], neuron={"kind": "weary"}, circuit=CIRCUIT), **options
    )


@pytest.mark.parametrize("constant_current", [False, True], ids=["spikes", "current"])
@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize("form", ["shared", "unrolled"])
def test_they_live_and_learn_as_their_formulas(form, noise, constant_current):
    task = task_on_images(form, noise, n_windows=2, constant_current=constant_current)
    learned = assert_learns_as_its_witness(task, position=3, threads=2, neuron=WEARY, rule=UNTRACED)
    first = learned.signals[0]
    assert learned.activity["spikes"][0] > 50 and (learned.activity["weight_updates"] > 0).tolist() == [1, 0, 1, 1]
    assert (first["pulse"] > 0).any() and (first["pulse"] < 0).any() and first["pulse_2"].any()
    for name in ("weariness", "habit"):
        assert len(np.unique(first[name][-1, -1])) > 3, f"{name}: each position's own"


@pytest.mark.parametrize("form", ["shared", "unrolled"])
def test_neither_threads_nor_a_snapshot_change_a_life(form):
    """While weights rest, too, where windows otherwise go to whoever is free."""
    task = task_on_images(form, n_windows=40)
    chip, other = programmed(task.spec, task.weights), programmed(task.spec, task.weights, threads=2)
    for run in (lambda chip: chip.infer(task.events, task.windows), lambda chip: taught(task, chip)):
        assert_same_result(run(other), run(chip))
        assert_same_state(other, chip)
    saved = chip.snapshot()
    for name, start in (("weariness", 0), ("habit", 0.25)):
        lives = saved[f"layer1.{name}"]
        assert lives.shape == (20, 3) and np.count_nonzero(lives != F(start)) > 30
    restored = programmed(task.spec, task.weights)
    restored.restore(saved)
    assert_same_result(taught(task, restored), taught(task, chip))
    assert_same_state(restored, chip)
