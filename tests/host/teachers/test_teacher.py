"""The teacher: what its activations, target rates and normalised weights are."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_runs import write_npz

from chipsim import Chip, ChipSpec, NeuronSpec
from host.data import Encoder, Samples, load
from host.settings import OUTPUT_TARGETS
from host.teachers.network import dense_network
from host.teachers.perceptron import RectifiedLayers, scaled_teacher, train_teacher
from host.teachers.teacher import Teacher
from learning_circuit import LearningCircuitSpec

EVERYTHING = slice(None)


def random_layers(sizes, seed=0):
    rng = np.random.default_rng(seed)
    return [
        (
            (rng.normal(0.1, 1, (n_in, n_out)) / np.sqrt(n_in)).astype(np.float32),
            rng.normal(0, 0.3, n_out).astype(np.float32),
        )
        for n_in, n_out in pairwise(sizes)
    ]


def random_samples(n, n_in, n_classes, seed=1):
    rng = np.random.default_rng(seed)
    values = np.where(rng.random((n, n_in)) < 0.3, 0, rng.random((n, n_in))).astype(np.float32)
    return Samples(values, rng.integers(0, n_classes, n), 0, 1)


def teacher_of(sizes=(8, 12, 7, 4), norm="neuron", percentile=99.0, seed=0):
    return scaled_teacher(random_layers(sizes, seed), random_samples(400, sizes[0], sizes[-1]), norm, percentile)


def plain_activations(teacher, values):
    """Layer by layer in float64; all but the last rectified."""
    outputs, x = [], values.astype(np.float64)
    for number, (weights, bias) in enumerate(teacher.layers, start=1):
        x = x @ weights.astype(np.float64) + bias
        if number < len(teacher.layers):
            x = np.where(x > 0, x, 0)
        outputs.append(x)
    return outputs


def test_activations_are_those_of_a_rectified_network():
    teacher = teacher_of()
    values = random_samples(50, 8, 4, seed=2).values(EVERYTHING)
    for mine, plain in zip(teacher.activations(values), plain_activations(teacher, values), strict=True):
        assert mine.dtype == np.float32
        assert np.allclose(mine, plain, rtol=1e-5, atol=1e-5)
    assert teacher.sizes == (8, 12, 7, 4)
    assert teacher.activations(values)[-1].min() < 0  # logits are not rectified


@given(order=st.permutations(range(9)), cut=st.integers(1, 8))
def test_a_sample_has_the_same_bits_in_any_company(order, cut):
    teacher = teacher_of()
    samples = random_samples(9, 8, 4, seed=3)
    values = samples.values(EVERYTHING)
    together = [*teacher.activations(values), *teacher.targets(values, samples.labels, "softmax")]
    for part in (np.array(order)[:cut], np.array(order)[cut:], slice(cut, None), slice(0, 9, 2)):
        alone = [
            *teacher.activations(values[part]),
            *teacher.targets(values[part], samples.labels[part], "softmax"),
        ]
        for a, b in zip(alone, together, strict=True):
            assert np.array_equal(a, b[part])


@pytest.mark.parametrize("output_target", OUTPUT_TARGETS)
@pytest.mark.parametrize("norm", ["layer", "neuron"])
@pytest.mark.parametrize("percentile", [50.0, 99.0, 100.0])
def test_targets_are_rates(output_target, norm, percentile):
    teacher = teacher_of(norm=norm, percentile=percentile)
    samples = random_samples(200, 8, 4, seed=4)
    targets = teacher.targets(samples.values(EVERYTHING), samples.labels, output_target)
    assert [target.shape for target in targets] == [(200, 12), (200, 7), (200, 4)]
    for target in targets:
        assert target.dtype == np.float32
        assert target.min() >= 0
        assert target.max() <= 1


def test_hidden_targets_are_activations_over_y_norm_clipped():
    teacher = teacher_of(percentile=80.0)
    samples = random_samples(60, 8, 4, seed=5)
    values = samples.values(EVERYTHING)
    plain = plain_activations(teacher, values)
    for output_target in OUTPUT_TARGETS:
        targets = teacher.targets(values, samples.labels, output_target)
        for layer in (0, 1):
            assert np.allclose(
                targets[layer], np.clip(plain[layer] / teacher.activation_scales[layer], 0, 1), atol=1e-5
            )
    assert any((target == 1).any() for target in targets[:2]), "nothing was clipped"


def test_output_targets_are_what_their_names_say():
    teacher = teacher_of()
    samples = random_samples(60, 8, 4, seed=6)
    values, labels = samples.values(EVERYTHING), samples.labels
    logits = plain_activations(teacher, values)[-1]
    assert np.array_equal(teacher.targets(values, labels, "label")[-1], np.eye(4)[labels])
    powers = np.exp(logits)
    assert np.allclose(teacher.targets(values, labels, "softmax")[-1], powers / powers.sum(1, keepdims=True), atol=1e-5)
    rates = (logits - teacher.output_low) / teacher.activation_scales[-1]
    assert np.allclose(teacher.targets(values, labels, "logits")[-1], np.clip(rates, 0, 1), atol=1e-4)


def test_softmax_of_huge_logits_is_finite():
    layers = random_layers((3, 2))
    layers = [(1e4 * layers[0][0], layers[0][1])]
    teacher = Teacher(dense_network(layers), RectifiedLayers(layers), [np.ones(2, np.float32)])
    target = teacher.targets(np.ones((1, 3), np.float32), np.zeros(1, np.int64), "softmax")[-1]
    assert np.isfinite(target).all()
    assert target.sum() == pytest.approx(1)


@pytest.mark.parametrize("percentile", [60.0, 99.0])
def test_y_norm_is_the_percentile_of_positive_activations(percentile):
    samples = random_samples(400, 8, 4)
    layers = random_layers((8, 12, 7, 4))
    layers[0][1][3] = -100  # this neuron never speaks
    layers[0][0][:, 5] *= 1e-3  # and this one hardly
    layers[0][1][5] = 1e-3
    per_layer = scaled_teacher(layers, samples, "layer", percentile)
    per_neuron = scaled_teacher(layers, samples, "neuron", percentile)
    *hidden, logits = plain_activations(per_layer, samples.values(EVERYTHING))
    for number, activation in enumerate(hidden):
        whole = np.percentile(activation[activation > 0], percentile)
        assert np.allclose(per_layer.activation_scales[number], whole, rtol=1e-4)
        for neuron, norm in enumerate(per_neuron.activation_scales[number]):
            own = activation[:, neuron][activation[:, neuron] > 0]
            expected = max(np.percentile(own, percentile), 0.1 * whole) if len(own) else whole
            assert norm == pytest.approx(expected, rel=1e-4)
    assert per_neuron.activation_scales[0][3] == per_layer.activation_scales[0][3]
    assert per_neuron.activation_scales[0][5] == pytest.approx(0.1 * per_layer.activation_scales[0][5])
    ranked = np.sort(logits, axis=1)
    low, high = np.percentile(ranked[:, -2], 100 - percentile), np.percentile(ranked[:, -1], percentile)
    for teacher in (per_layer, per_neuron):
        assert teacher.output_low == pytest.approx(low, rel=1e-4)
        assert np.allclose(teacher.activation_scales[-1], high - low, rtol=1e-4)


def test_norms_of_silent_layers_are_usable():
    layers = random_layers((3, 4, 2))
    layers[0][1][:] = -100
    layers[1][0][:] = 0
    layers[1][1][:] = 0
    teacher = scaled_teacher(layers, random_samples(20, 3, 2), "neuron", 99.0)
    assert all(np.isfinite(norm).all() and (norm > 0).all() for norm in teacher.activation_scales)


def test_accuracy_counts_the_largest_logits():
    samples = random_samples(2500, 8, 4, seed=7)
    teacher = teacher_of()
    expected = np.mean(np.argmax(plain_activations(teacher, samples.values(EVERYTHING))[-1], axis=1) == samples.labels)
    assert teacher.accuracy(samples) == pytest.approx(expected, abs=1e-3)


def chip_rates(teacher, values, steps):
    """Spikes per step of every layer of an ideal chip that sees `values` as a current."""
    neuron, circuit = NeuronSpec(low_rail_th=-1e6, high_rail_th=1e6), LearningCircuitSpec(accumulator_bits=24)
    chip = Chip(ChipSpec(layer_sizes=teacher.sizes, steps=steps, neuron=neuron, learning_circuit=circuit), die_seed=1)
    chip.program(teacher.normalised())
    windows = np.arange(len(values), dtype=np.int64)
    result = chip.infer(Encoder("current", values.shape[1], steps, len(values), 1).encode(values, windows), windows)
    return [counts / steps for counts in result.counts], result.classes


@pytest.mark.parametrize("norm", ["layer", "neuron"])
def test_a_chip_with_many_steps_fires_at_the_target_rates(norm):
    """And so ranks the classes as the teacher does, wherever they are further apart than a chip can resolve."""
    steps = 1000
    teacher = teacher_of(norm=norm, percentile=100.0)
    samples = random_samples(400, 8, 4)  # those that y_norm was taken from: nothing is clipped but the lowest logits
    values = samples.values(EVERYTHING)
    rates, classes = chip_rates(teacher, values, steps)
    targets = teacher.targets(values, samples.labels, "logits")
    for rate, target in zip(rates, targets, strict=True):
        assert np.abs(rate - target).max() < 0.015
    ranked = np.sort(targets[-1], axis=1)
    clear = ranked[:, -1] - ranked[:, -2] > 0.02
    logits = teacher.activations(values)[-1]
    assert clear.mean() > 0.8
    assert np.array_equal(classes[clear], np.argmax(logits, axis=1)[clear])


def test_a_chip_with_many_steps_agrees_with_a_trained_teacher(tmp_path):
    data = load(str(write_npz(tmp_path / "d.npz")))
    layers = train_teacher(data.train, data.n_classes, (20,), 1, 200)
    teacher = scaled_teacher(layers, data.train, "neuron", 99.0)
    values = data.test.values(EVERYTHING)
    _, classes = chip_rates(teacher, values, 400)
    agreeing = np.mean(classes == np.argmax(teacher.activations(values)[-1], axis=1))
    assert agreeing >= 0.95
    assert teacher.accuracy(data.test) > 0.6
