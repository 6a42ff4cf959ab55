"""What the host learns of thresholds from what it reads: brackets that hold the truth, and close."""

import numpy as np
import pytest
from slow_gradients import masks_of
from small_chips import events_of, random_weights, spec_of

from chipsim import AdcSpec, Chip
from chipsim.design import NeuronSpec
from chipsim.die import fabricate
from host.gradients.all_layers.batching import Batch
from host.gradients.in_the_loop.loop import InTheLoop
from host.gradients.in_the_loop.thresholds import Thresholds
from host.settings import LoopSpec

CONVERTER = AdcSpec(low_th=-1, high_th=4).of(NeuronSpec(low_rail_th=-2), False)


def seen(membranes, thresholds):
    """Brackets after reading membranes (S, T, n) of comparators that are right."""
    found = Thresholds(len(thresholds), CONVERTER)
    codes = np.clip(np.rint((membranes - CONVERTER.low) / CONVERTER.lsb), 0, 255).astype(np.uint8)
    found.see(codes, masks_of(membranes >= thresholds))
    return found.estimate()[: len(thresholds)]


def test_many_readings_tell_each_threshold_within_an_lsb():
    rng = np.random.default_rng(1)
    thresholds = rng.uniform(0.3, 1.9, 70)
    membranes = rng.uniform(-1, 3, (16, 400, 70))
    assert np.abs(seen(membranes, thresholds) - thresholds).max() < 1.5 * CONVERTER.lsb


def test_without_a_contradiction_it_is_the_nominal_one():
    assert seen(np.array([[[0.5, 1.4, 0.5]]]), np.array([1.2, 1.3, 0.2])) == pytest.approx([1, 1, 0.5], abs=0.02)


def test_a_silent_neuron_is_bounded_from_below_only():
    assert seen(np.array([[[2.0], [0.1]]]), np.array([np.inf])) == pytest.approx([2], abs=0.02)


def loop_on(chip, thresholds="read-back"):
    weights = random_weights(chip.spec, np.random.default_rng(2))
    return InTheLoop(chip, weights, LoopSpec(thresholds=thresholds), 1)


def batch(design, seed):
    masks = np.random.default_rng(seed).random((40, design.steps, design.layer_sizes[0])) < 0.6
    return Batch(events_of(masks), np.arange(40), np.arange(40) % design.layer_sizes[-1])


def test_the_loop_finds_those_of_its_die():
    design = spec_of((20, 30, 4), steps=20, noise=("mismatch:0.3@threshold",))
    loop, fabricated = loop_on(Chip(design, 3)), fabricate(design, 3)
    for seed in range(30):
        loop.step(batch(design, seed), 0.0)
    snapshot = loop.snapshot()
    converter = LoopSpec().converter.of(design.neuron, False)
    for layer, n in ((1, 30), (2, 4)):
        low, high = converter.membrane(snapshot[f"threshold{layer}.bracket"])
        truth = fabricated[layer - 1].tables.threshold[:n]
        assert (low - converter.lsb / 2 <= truth).all()
        assert (truth <= high + converter.lsb / 2).all()
        assert np.median(high - low) < 0.25
    again = loop_on(Chip(design, 3))
    again.restore(snapshot)
    steps = [each.step(batch(design, 99), 1e-3) for each in (loop, again)]
    assert steps[0].loss == steps[1].loss
    assert all(np.array_equal(a, b) for a, b in zip(loop.snapshot().values(), again.snapshot().values(), strict=True))


def test_the_loop_starts_from_what_is_set_in_each_layer():
    neuron = {"kind": "lif", "tau_steps": (10.0, 5.0), "threshold_th": (0.5, 1.6), "threshold_dac": {"bits": 2}}
    design = spec_of((20, 30, 4), steps=20, neuron=neuron)
    loop = loop_on(Chip(design, 3))
    assert [set(found.estimate()[:4]) for found in loop._thresholds] == [{0.5}, {1.5}]
    assert [model.decay for model in loop._gradient.models] == [
        np.float32(np.exp(-1 / 10)),
        np.float32(np.exp(-1 / 5)),
    ]


def test_the_nominal_one_is_kept_where_asked_for():
    design = spec_of((20, 30, 4), steps=20, noise=("mismatch:0.3@threshold",))
    moved, kept = loop_on(Chip(design, 3)), loop_on(Chip(design, 3), "nominal")
    for loop in (moved, kept):
        loop.step(batch(design, 1), 1e-2)
    assert not kept.snapshot()["threshold1.bracket"][0].any()
    assert not np.array_equal(moved.weights[0][0], kept.weights[0][0])
