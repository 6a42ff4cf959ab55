"""Training through time: the witness against finite differences, the twin against the witness and against PyTorch."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from reference_through_time import Net, forward, gradients, loss_and_slopes
from small_chips import programmed, spec_of
from torch_through_time import torch_gradients

from chipsim import Events
from host.data import Encoder
from host.gradients.all_layers import Batch
from host.gradients.through_time import SpikingTwin
from host.settings import ThroughTimeSpec

STEPS, SIZES, SCALE, PENALTY = 5, (6, 9, 7, 3), 4.0, 0.05
WINDOWS = 3  # of a sequence
SHAPES = {"triangle": (0.3, 1.0), "boxcar": (0.5, 0.8), "exponential": (0.4, 2.0), "spike-time": (0.3, 0.2)}


def net_of(rng, surrogate="triangle", **settings):
    weights = [
        ((rng.normal(0.1, 1.2, (n, m)) / np.sqrt(n)).astype(np.float32), rng.normal(0.1, 0.1, m).astype(np.float32))
        for n, m in pairwise(SIZES)
    ]
    height, steepness = SHAPES[surrogate]
    decay, threshold = np.array([0.9, 0.8, 0.95]), np.array([0.75, 1.25, 1.0])
    return Net(weights, decay, threshold, surrogate=surrogate, height=height, steepness=steepness, **settings)


def shown(rng, samples=6):
    return rng.random((samples, SIZES[0])).astype(np.float32), rng.integers(0, SIZES[-1], samples)


def sequences(rng, samples=6):
    """(S, L, n_in) currents, of which every other sample ends a window early; and where each ends."""
    inputs, labels = rng.random((samples, WINDOWS, SIZES[0])).astype(np.float32), rng.integers(0, SIZES[-1], samples)
    inputs[::2, -1] = 0
    return inputs, labels, STEPS * (WINDOWS - (np.arange(samples) % 2 == 0))


def batch_of_sequences(inputs, labels):
    n, windows, n_in = inputs.shape
    encoder = Encoder("current", n_in, STEPS, n, 0, windows=windows)
    return Batch(encoder.encode(inputs.reshape(n, -1), np.arange(n)), np.arange(n), labels)


def batch_of(inputs, labels):
    n, n_in = inputs.shape
    edges = np.zeros((n, STEPS), np.int32)
    rows = np.tile(np.arange(n_in, dtype=np.uint16), (n, 1))
    return Batch(Events(rows, edges, edges + np.int32(n_in), inputs), np.arange(n), labels)


def twin_of(net, threads=1, windows=1, sequence_answer="sum", **learned):
    neuron = {
        "kind": "lif",
        "tau_steps": tuple(-1 / np.log(net.decay)),
        "threshold_th": tuple(net.threshold),
        "reset": net.reset,
        "readout": net.readout,
        "low_rail_th": -100.0,
        "high_rail_th": 100.0,
    }
    spec = ThroughTimeSpec(
        surrogate=net.surrogate,
        surrogate_height=net.height,
        surrogate_steepness=net.steepness,
        scale=SCALE * (windows * STEPS if net.readout == "integrating" else 1),
        activity_penalty=PENALTY,
        **learned,
    )
    design = spec_of(SIZES, STEPS, neuron=neuron, windows=windows, sequence_answer=sequence_answer)
    return SpikingTwin(design, net.weights, spec, threads)


def slopes_of(net, inputs, labels, threads=1):
    """What the twin's own gradient says, without a step of Adam."""
    return twin_of(net, threads).gradients(batch_of(inputs, labels))


def assert_close(actual, expected, tolerance=1e-5):
    layers, *dynamics = actual
    expected_layers, *expected_dynamics = expected
    pairs = [
        pair for mine, theirs in zip(layers, expected_layers, strict=True) for pair in zip(mine, theirs, strict=True)
    ]
    for mine, theirs in [*pairs, *zip(dynamics, expected_dynamics, strict=True)]:
        scale = np.abs(theirs).max()
        assert scale > 0
        np.testing.assert_allclose(mine, theirs, rtol=0, atol=tolerance * scale)


@pytest.mark.parametrize("reset", ["subtract", "subtract-before-leak", "zero"])
@pytest.mark.parametrize("surrogate", ["triangle", "boxcar", "exponential"])
def test_the_witness_has_the_slope_of_smooth_neurons(rng, surrogate, reset):
    """Of every weight of the first layer, every leak and every threshold."""
    net = net_of(rng, surrogate, reset=reset)
    net = replace(net, weights=[(w.astype(float), b.astype(float)) for w, b in net.weights])
    inputs, labels = shown(rng, 3)
    _, _, resets = forward(net, inputs, STEPS, smooth=True)
    found, by_decay, by_threshold = gradients(net, inputs, labels, STEPS, SCALE, PENALTY, smooth=True)

    def loss(changed):
        membranes, outputs, _ = forward(changed, inputs, STEPS, smooth=True, resets=resets)
        return loss_and_slopes(changed, membranes, outputs, labels, SCALE, PENALTY)[0]

    def difference(array, place, h=1e-6):
        kept = array[place]
        ends = []
        for sign in (1, -1):
            array[place] = kept + sign * h
            ends.append(loss(net))
        array[place] = kept
        return (ends[0] - ends[1]) / (2 * h)

    for place in np.ndindex(net.weights[0][0].shape):
        assert found[0][0][place] == pytest.approx(difference(net.weights[0][0], place), rel=2e-4, abs=2e-6)
    for layer in range(3):
        assert by_decay[layer] == pytest.approx(difference(net.decay, layer), rel=2e-4, abs=2e-6)
    for layer in range(2):
        assert by_threshold[layer] == pytest.approx(difference(net.threshold, layer), rel=2e-4, abs=2e-6)


@pytest.mark.parametrize("readout", ["integrating", "spiking"])
@pytest.mark.parametrize("reset", ["subtract", "subtract-before-leak", "zero"])
@pytest.mark.parametrize("surrogate", SHAPES)
def test_the_twin_agrees_with_the_witness(rng, surrogate, reset, readout):
    net = net_of(rng, surrogate, reset=reset, readout=readout)
    inputs, labels = shown(rng)
    assert_close(slopes_of(net, inputs, labels), gradients(net, inputs, labels, STEPS, SCALE, PENALTY))


@pytest.mark.parametrize("surrogate", SHAPES)
def test_the_twin_agrees_with_pytorch(rng, surrogate):
    torch = pytest.importorskip("torch", reason="needs PyTorch (extra torch); the witness stands in for it")
    net = net_of(rng, surrogate)
    inputs, labels = shown(rng, 20)
    assert_close(slopes_of(net, inputs, labels), torch_gradients(torch, net, inputs, labels, STEPS, SCALE, PENALTY))


@pytest.mark.parametrize("answer", ["sum", "last"])
@pytest.mark.parametrize("readout", ["integrating", "spiking"])
@pytest.mark.parametrize("reset", ["subtract", "zero"])
def test_sequences_agree_with_the_witness(rng, reset, readout, answer):
    """Every window its own current, membranes going on; some end a window early."""
    net = net_of(rng, reset=reset, readout=readout)
    inputs, labels, ends = sequences(rng)
    assert len(set(ends)) == 2
    mine = twin_of(net, windows=WINDOWS, sequence_answer=answer).gradients(batch_of_sequences(inputs, labels))
    shown_at, last = np.repeat(inputs, STEPS, axis=1), STEPS if answer == "last" else None
    steps = WINDOWS * STEPS
    assert_close(mine, gradients(net, shown_at, labels, steps, SCALE, PENALTY, ends=ends, last=last))


@pytest.mark.parametrize("surrogate", ["triangle", "spike-time"])
def test_sequences_agree_with_pytorch(rng, surrogate):
    torch = pytest.importorskip("torch", reason="needs PyTorch (extra torch); the witness stands in for it")
    net = net_of(rng, surrogate)
    inputs, labels, ends = sequences(rng)
    mine = twin_of(net, windows=WINDOWS).gradients(batch_of_sequences(inputs, labels))
    shown_at = np.repeat(inputs, STEPS, axis=1)
    assert_close(mine, torch_gradients(torch, net, shown_at, labels, WINDOWS * STEPS, SCALE, PENALTY, ends))


def test_of_sequences_it_shows_what_a_chip_does(rng):
    net = net_of(rng)
    inputs, labels, _ = sequences(rng)
    twin, batch = twin_of(net, windows=WINDOWS), batch_of_sequences(inputs, labels)
    twin.gradients(batch)
    result = programmed(twin.design, net.weights).infer(batch.events, batch.windows)
    for mine, theirs in zip(twin.counts(len(labels)), result.counts, strict=True):
        assert np.array_equal(mine, theirs)
        assert mine.max() > 0


def test_it_shows_what_a_chip_does(rng):
    net = net_of(rng)
    inputs, labels = shown(rng)
    twin = twin_of(net)
    twin.gradients(batch_of(inputs, labels))
    batch = batch_of(inputs, labels)
    result = programmed(twin.design, net.weights).infer(batch.events, batch.windows)
    for mine, theirs in zip(twin.counts(len(labels)), result.counts, strict=True):
        assert np.array_equal(mine, theirs)
        assert mine.max() > 0


def test_threads_change_no_bit(rng):
    net = net_of(rng)
    inputs, labels = shown(rng, 33)
    twins = [twin_of(net, threads) for threads in (1, 3)]
    for twin in twins:
        for _ in range(3):
            twin.step(batch_of(inputs, labels), 0.01, 1.0)
    for mine, theirs in zip(*(twin.snapshot().values() for twin in twins), strict=True):
        assert np.array_equal(mine, theirs)


def test_steps_make_the_loss_small_and_move_leaks_and_thresholds_within_bounds(rng):
    net = net_of(rng)
    inputs, labels = shown(rng, 24)
    twin = twin_of(net, leak_rate=0.5, threshold_rate=0.5)
    before = twin.snapshot()
    losses = [twin.step(batch_of(inputs, labels), 0.02, 1.0).loss for _ in range(40)]
    after = twin.snapshot()
    assert losses[-1] < 0.5 * losses[0]
    assert not np.array_equal(before["decay"], after["decay"])
    assert not np.array_equal(before["threshold"], after["threshold"])
    assert after["decay"].min() >= 0 and after["decay"].max() <= 1
    assert after["threshold"].min() > 0


def test_what_is_not_to_be_learned_stays(rng):
    inputs, labels = shown(rng)
    twin = twin_of(net_of(rng), learn_leak=False, learn_threshold=False)
    before = twin.snapshot()
    twin.step(batch_of(inputs, labels), 0.02, 1.0)
    after = twin.snapshot()
    assert np.array_equal(before["decay"], after["decay"])
    assert np.array_equal(before["threshold"], after["threshold"])
    assert not np.array_equal(before["layer1.weight"], after["layer1.weight"])
