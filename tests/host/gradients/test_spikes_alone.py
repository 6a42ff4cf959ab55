"""Training in the loop from spikes alone: the witness's gradient, its bounds, and the bits that come back."""

import numpy as np
import pytest
from reference_through_time import Net, gradients
from small_chips import current_events, programmed, random_weights, spec_of

from chipsim import AdcSpec
from host.gradients.all_layers import Batch, Gradient, errors_of, spiking_scores
from host.gradients.in_the_loop import bytes_of_spikes, bytes_read_back
from host.gradients.in_the_loop.loop import InTheLoop
from host.gradients.in_the_loop.model import layer_model
from host.gradients.in_the_loop.spikes_alone import bounded, shape_of, shown_spikes
from host.settings import LoopSpec, LossSpec

SIZES, STEPS = (6, 20, 4), 8
LOSS = LossSpec(scale=5.0, activity_penalty=0.0, weight_penalty=0.0)


def shown(rng, bound="none"):
    """A chip's design and weights, what it was sent, and what it did."""
    neuron = {"kind": "lif", "tau_steps": 5.0, "low_rail_th": -100.0, "high_rail_th": 100.0}
    spec = spec_of(SIZES, STEPS, neuron=neuron)
    weights = [(w * 2, b) for w, b in random_weights(spec, rng)]
    batch = Batch(current_events(spec, rng, 5), np.arange(5), np.array([0, 1, 2, 3, 0]))
    return spec, weights, batch, *shown_spikes(programmed(spec, weights), batch, bound)


def gradients_of(spec, weights, batch, result, seen, wanted):
    adc = AdcSpec().of(spec.neuron, False)
    models = [layer_model(spec.neuron, layer, False, adc, "spike-time", *shape_of(wanted)) for layer in range(2)]
    scores = spiking_scores(result.counts[-1], STEPS)
    errors = errors_of(scores, result.counts[:-1], batch.labels, STEPS, LOSS)
    thresholds = [np.ones(each.shape[2], np.float32) for each in seen.membranes]
    return Gradient(models, SIZES, STEPS, 1).of(weights, batch.events, seen, thresholds, scores, errors)


@pytest.mark.parametrize("bound", ["none", "short-memory"])
def test_the_gradient_is_the_witness_s(rng, bound):
    spec, weights, batch, result, seen = shown(rng, bound)
    wanted = LoopSpec(surrogate="spike-time", bound=bound)
    found = gradients_of(spec, weights, batch, result, seen, wanted)
    inputs = np.zeros((5, SIZES[0]))
    for s in range(5):
        k = slice(batch.events.begin[s, 0], batch.events.end[s, 0])
        inputs[s, batch.events.rows[s, k]] = batch.events.amplitude[s, k]
    net = Net(weights, np.exp([-1 / 5, -1 / 5]), np.ones(2), readout="spiking", surrogate="spike-time")
    net.height, net.steepness = shape_of(wanted)
    expected, _, _ = gradients(net, inputs, batch.labels, STEPS, LOSS.scale)
    for mine, theirs in zip(found, expected, strict=True):
        for a, b in zip(mine, theirs, strict=True):
            assert np.abs(b).max() > 0
            np.testing.assert_allclose(a, b, rtol=0, atol=2e-5 * np.abs(b).max())


def test_who_cannot_follow_passes_nothing(rng):
    """exp(-0.01 d) times 4 r (1 - r)."""
    *_, result, plain = shown(np.random.default_rng(3))
    *_, bounded_to = shown(np.random.default_rng(3), "unsaturated")
    rate = result.counts[0] / STEPS
    assert {0.0, 1.0} & set(np.unique(rate)), "some are always on, or off"
    n = SIZES[1]
    slopes = [np.exp(-0.01 * each.membranes[0][:, :, :n]) for each in (plain, bounded_to)]
    np.testing.assert_allclose(slopes[1], slopes[0] * (4 * rate * (1 - rate))[:, None], atol=1e-5)


def test_a_long_gradient_is_cut_to_length(rng):
    layers = [(rng.normal(0, 1, (5, 4)).astype(np.float32), rng.normal(0, 1, 4).astype(np.float32))]
    [(w, b)] = bounded(layers, "gradient-norm")
    assert np.sum(w**2) + np.sum(b**2) == pytest.approx(1, rel=1e-5)
    np.testing.assert_allclose(w / layers[0][0], b[0] / layers[0][1][0], rtol=1e-5)
    short = [(w / 10, b / 10)]
    assert bounded(short, "gradient-norm")[0][0] is not short[0][0]
    assert np.array_equal(bounded(short, "gradient-norm")[0][0], short[0][0])
    assert bounded(layers, "none") is layers


def test_one_bit_comes_back_instead_of_nine():
    spec = spec_of((256, 246, 10), 20)
    assert bytes_of_spikes(spec) == 20 * 256 / 8
    assert bytes_of_spikes(spec) == bytes_read_back(spec, AdcSpec()) / 9


def test_no_membrane_is_asked_for(rng, monkeypatch):
    spec, weights, batch, *_ = shown(rng)
    chip = programmed(spec, weights)
    monkeypatch.setattr(type(chip), "read_back", None)
    loop = InTheLoop(chip, weights, LoopSpec(surrogate="spike-time", loss=LOSS))
    assert np.isfinite(loop.step(batch, 0.01).loss)
    for (mine, _), (theirs, _) in zip(loop.weights, weights, strict=True):
        assert not np.array_equal(mine, theirs)
