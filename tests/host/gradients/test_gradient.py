"""Gradients against the slow chain rule, against finite differences where all is smooth, and bit for bit on threads."""

import numpy as np
import pytest
from random_case import random_case
from slow_gradients import slow_gradients
from small_chips import events_of

from chipsim import Events
from chipsim.design import Adc
from host.gradients.all_layers.gradient import Gradient
from host.gradients.all_layers.loss import Scores, cross_entropy, errors_of
from host.settings import LossSpec

LOSS = LossSpec(scale=3.0, activity_penalty=0.2)


def gradients_of(case, events=None, threads=1, loss=LOSS):
    sizes = (case.inputs.shape[2], *(b.size for _, b in case.weights))
    gradient = Gradient(case.models, sizes, case.inputs.shape[1], threads)
    events = events_of(case.inputs > 0) if events is None else events
    thresholds = case.thresholds_in_vectors()
    return gradient.of(case.weights, events, case.shown(), thresholds, case.scores(), case.errors(loss))


def assert_close(actual, expected, rtol=2e-5):
    for (w, b), (expected_w, expected_b) in zip(actual, expected, strict=True):
        scale = np.abs(expected_w).max()
        assert scale > 0
        np.testing.assert_allclose(w, expected_w, atol=rtol * scale, rtol=rtol)
        np.testing.assert_allclose(b, expected_b, atol=rtol * np.abs(expected_b).max(), rtol=rtol)


@pytest.mark.parametrize("readout", ["spiking", "integrating", "integrating-max"])
@pytest.mark.parametrize("reset", ["subtract", "zero"])
@pytest.mark.parametrize("synaptic_decay", [0.0, 0.6])
def test_equals_the_slow_chain_rule(readout, reset, synaptic_decay):
    case = random_case(1, readout=readout, reset=reset, synaptic_decay=synaptic_decay)
    assert_close(gradients_of(case), slow_gradients(case, case.errors(LOSS)))


def test_every_neuron_s_surrogate_is_centred_on_its_own_threshold():
    case = random_case(10)
    plain = gradients_of(case)
    case.thresholds = [
        np.random.default_rng(10).uniform(0.4, 1.7, len(th)).astype(np.float32) for th in case.thresholds
    ]
    moved = gradients_of(case)
    assert_close(moved, slow_gradients(case, case.errors(LOSS)))
    assert np.abs(moved[0][0] - plain[0][0]).max() > 0.1 * np.abs(plain[0][0]).max()


@pytest.mark.parametrize("sizes", [(4, 2), (5, 64, 2), (3, 7, 130, 9, 2)])
def test_any_number_of_layers_of_any_width(sizes):
    case = random_case(2, sizes=sizes, samples=3)
    assert_close(gradients_of(case), slow_gradients(case, case.errors(LOSS)))


def test_a_constant_current_weighs_rows_by_its_amplitude():
    case = random_case(3)
    amplitude = np.random.default_rng(3).random((len(case.inputs), case.inputs.shape[2])).astype(np.float32)
    case.inputs = np.repeat(amplitude[:, None], case.inputs.shape[1], axis=1)
    n_samples, steps, n_in = case.inputs.shape
    edges = np.zeros((n_samples, steps), np.int32)
    rows = np.tile(np.arange(n_in, dtype=np.uint16), (n_samples, 1))
    events = Events(rows, edges, edges + np.int32(n_in), amplitude)
    assert_close(gradients_of(case, events), slow_gradients(case, case.errors(LOSS)))


def test_threads_change_no_bit():
    case = random_case(4, sizes=(40, 150, 30, 5), samples=150)
    one, three = gradients_of(case, threads=1), gradients_of(case, threads=3)
    for (w, b), (other_w, other_b) in zip(one, three, strict=True):
        assert np.array_equal(w, other_w)
        assert np.array_equal(b, other_b)


def test_smaller_batch_after_a_larger_one_sees_nothing_of_it():
    large, small = random_case(5, samples=8), random_case(6, samples=3)
    sizes = (6, 20, 70, 3)
    gradient = Gradient(large.models, sizes, large.inputs.shape[1], 1)

    def of(case):
        events = events_of(case.inputs > 0)
        thresholds = case.thresholds_in_vectors()
        return gradient.of(case.weights, events, case.shown(), thresholds, case.scores(), case.errors(LOSS))

    of(large)
    assert_close(of(small), gradients_of(small), rtol=0)


def readout_membrane(case, w, b):
    """Eqs. 1 and 2 of the last layer, which does not fire, in float64."""
    model = case.models[-1]
    membrane = np.zeros((*case.spikes[-2].shape[:2], w.shape[1]))
    current = before = np.zeros(w.shape[1])
    for s in range(len(membrane)):
        current = before = np.zeros(w.shape[1])
        for t in range(membrane.shape[1]):
            current = float(model.synaptic_decay) * current + case.spikes[-2][s, t] @ w + b
            before = float(model.decay) * before + current
            membrane[s, t] = before
    return membrane


@pytest.mark.parametrize("readout", ["integrating", "integrating-max"])
def test_readout_weights_against_finite_differences(readout):
    """The readout is smooth in its weights, and no membrane is read through a converter here."""
    case = random_case(7, readout=readout)
    w, b = (np.array(each, np.float64) for each in case.weights[-1])

    def scores(w, b):
        membrane = readout_membrane(case, w, b)
        steps = np.full(membrane.shape[::2], membrane.shape[1] - 1)
        if readout == "integrating-max":
            steps = np.argmax(membrane, axis=1)
        return Scores(np.take_along_axis(membrane, steps[:, None], axis=1)[:, 0].astype(np.float64), steps)

    def loss(w, b):
        return cross_entropy(scores(w, b).values, case.labels, LOSS.scale)[0]

    errors = errors_of(scores(w, b), case.counts(), case.labels, case.inputs.shape[1], LOSS)
    gradient = Gradient(case.models, (6, 20, 70, 3), case.inputs.shape[1], 1)
    read = (case.shown(), case.thresholds_in_vectors())
    dw, db = gradient.of(case.weights, events_of(case.inputs > 0), *read, scores(w, b), errors)[-1]
    h = 1e-6
    rng = np.random.default_rng(8)
    for i, k in zip(rng.integers(0, 70, 20), rng.integers(0, 3, 20), strict=True):
        step = np.zeros_like(w)
        step[i, k] = h
        slope = (loss(w + step, b) - loss(w - step, b)) / (2 * h)
        assert dw[i, k] == pytest.approx(slope, rel=1e-4, abs=1e-6)
    for k in range(3):
        step = np.eye(3)[k] * h
        assert db[k] == pytest.approx((loss(w, b + step) - loss(w, b - step)) / (2 * h), rel=1e-4, abs=1e-6)


def smooth_network(case, weights, beta):
    """Layers of fast sigmoids, whose slope is the surrogate, in place of spikes, without reset. Codes and scores."""
    rows = case.inputs.astype(np.float64)
    membranes = []
    for (w, b), model in zip(weights, case.models, strict=True):
        current = membrane = np.zeros((len(rows), w.shape[1]))
        trace = []
        for t in range(rows.shape[1]):
            current = float(model.synaptic_decay) * current + rows[:, t] @ w + b
            membrane = float(model.decay) * membrane + current
            trace.append(membrane)
        membranes.append(np.stack(trace, axis=1))
        x = membranes[-1] - 1
        rows = x / (beta * np.abs(x) + 1)
    return membranes


def test_first_layer_against_finite_differences_of_a_smooth_network():
    """Through two layers and all steps; what is left is the error of reading membranes at 8 bits."""
    case = random_case(9, sizes=(6, 12, 3), samples=4)
    low, lsb, beta = np.float32(-6), np.float32(12 / 255), 1.0
    case.weights = [(w / 3, b) for w, b in case.weights]
    case.models = [m._replace(steepness=beta, lower_limit=-np.inf, upper_limit=np.inf) for m in case.models]
    case.converters = [Adc(low, lsb, np.float32(255)) for _ in case.models]
    weights = [(np.array(w, np.float64), np.array(b, np.float64)) for w, b in case.weights]

    def loss(w):
        scores = smooth_network(case, [(w, weights[0][1]), weights[1]], beta)[-1][:, -1]
        return cross_entropy(scores, case.labels, LOSS.scale)[0]

    membranes = smooth_network(case, weights, beta)
    assert max(np.abs(m).max() for m in membranes) < 6
    case.codes = [np.rint((m - low) / lsb).astype(np.uint8) for m in membranes]
    steps = np.full((4, 3), case.inputs.shape[1] - 1)
    scores = Scores(membranes[-1][:, -1], steps)
    errors = errors_of(
        scores, case.counts(), case.labels, case.inputs.shape[1], LossSpec(scale=LOSS.scale, activity_penalty=0)
    )
    gradient = Gradient(case.models, (6, 12, 3), case.inputs.shape[1], 1)
    read = (case.shown(), case.thresholds_in_vectors())
    dw, _ = gradient.of(case.weights, events_of(case.inputs > 0), *read, scores, errors)[0]
    h = 1e-6
    slope = np.zeros(dw.shape)
    for j, i in np.ndindex(dw.shape):
        step = np.zeros(dw.shape)
        step[j, i] = h
        slope[j, i] = (loss(weights[0][0] + step) - loss(weights[0][0] - step)) / (2 * h)
    np.testing.assert_allclose(dw, slope, atol=0.02 * np.abs(slope).max())
