"""A plain function, or a torch module, as teacher."""

import numpy as np
import pytest
from plain_network import plain_activations, random_network, small_network

from chipsim.design import Dense, from_image, to_image
from host.data import Samples
from host.errors import TeacherError
from host.run import prepare, reference, resolve, run_die
from host.teachers.function import function_teacher, module_teacher
from host.teachers.perceptron import scaled_teacher


def samples_of(network, n=30):
    values = np.random.default_rng(2).random((n, network.sizes[0])).astype(np.float32)
    return Samples(values, np.arange(n) % network.sizes[-1], 0, 1)


def layer_by_layer(network, calls=None):
    """A teacher as a user may write one: images channels first in and out."""

    def activations(sample):
        if calls is not None:
            calls.append(sample.shape)
        rows = from_image(sample) if sample.ndim == 4 else sample
        found = plain_activations(network, rows)
        return [
            each if shape.dense else to_image(each, shape.output)
            for each, shape in zip(found, network.shapes, strict=True)
        ]

    return activations


def test_a_function_is_called_with_one_image_at_a_time():
    network, calls = small_network(), []
    samples = samples_of(network)
    teacher = function_teacher(network, layer_by_layer(network, calls), samples)
    assert set(calls) == {(1, 2, 7, 6)}
    values = samples.values(slice(None))
    for mine, plain in zip(teacher.activations(values), plain_activations(network, values), strict=True):
        assert mine.dtype == np.float32
        assert np.allclose(mine, plain, atol=1e-6)
    assert [len(norm) for norm in teacher.activation_scales] == [3, 3, 5, 6, 4]
    targets = teacher.targets(values, samples.labels, "label")
    assert targets.pop(1) is None
    assert [target.shape for target in targets] == [(30, size) for size in (126, 60, 6, 4)]
    assert all(target.min() >= 0 and target.max() <= 1 for target in targets)


def test_a_pool_has_the_scale_of_what_it_averages():
    network = small_network()
    teacher = function_teacher(network, layer_by_layer(network), samples_of(network))
    assert np.array_equal(teacher.activation_scales[1], teacher.activation_scales[0])
    assert teacher.normalised()[1] is None


def test_normalised_weights_compute_the_target_rates():
    """Activation over y_norm is what the scaled weights give: the very meaning of normalisation."""
    network = small_network()
    samples = samples_of(network)
    teacher = function_teacher(network, layer_by_layer(network), samples, percentile=100.0)
    scaled = type(network)(network.input_shape, network.layers, teacher.normalised())
    values = samples.values(slice(None))
    *rates, last = plain_activations(scaled, values)
    *targets, outputs = teacher.targets(values, samples.labels, "logits")
    for number, (rate, target) in enumerate(zip(rates, targets, strict=True)):
        assert number == 1 if target is None else np.allclose(rate, target, atol=1e-5)
    assert np.allclose(np.clip(last, 0, 1), outputs, atol=1e-5)


def test_learning_follows_a_function_as_it_follows_the_same_network(data_file):
    network = random_network((6, 1, 1), [Dense(units=8), Dense(units=3)])
    spec = resolve(None, {"dataset": str(data_file), "training.epochs": 2, "noise": ["mismatch:0.2"]})
    mine = prepare(spec, make_teacher=lambda samples: function_teacher(network, layer_by_layer(network), samples))
    same = prepare(spec, make_teacher=lambda samples: scaled_teacher(network.weights, samples, "neuron", 99.0))
    outcomes = [run_die(setup, reference(setup)) for setup in (mine, same)]
    assert outcomes[0].facts["network"] == [6, 8, 3]
    assert outcomes[0].facts["accuracy"]["after"] == pytest.approx(outcomes[1].facts["accuracy"]["after"], abs=0.05)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda found: found[:-1], "returned 4 arrays; it must be one for each of 5 layers"),
        (lambda found: [found[0].reshape(1, -1), *found[1:]], r"for layer 1; it must be \(1, 3, 7, 6\)"),
        (lambda found: [*found[:-1], found[-1] * np.nan], "NaN or infinity for layer 5"),
    ],
)
def test_what_comes_back_must_fit(wrong, words):
    network = small_network()
    good = layer_by_layer(network)
    with pytest.raises(TeacherError, match=words):
        function_teacher(network, lambda sample: wrong(good(sample)), samples_of(network))


def torch_module(torch):
    nn = torch.nn
    torch.manual_seed(1)
    relu = nn.ReLU()  # used twice, as is usual
    module = nn.Sequential(
        nn.Sequential(nn.Conv2d(2, 3, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(3), relu),
        nn.AvgPool2d(2),
        nn.Flatten(),
        nn.Dropout(0.5),
        nn.Linear(12, 5),
        relu,
        nn.Linear(5, 3),
    )
    module(torch.rand(20, 2, 8, 7))  # for the statistics
    return module


def test_a_torch_module_is_followed():
    torch = pytest.importorskip("torch", reason="needs PyTorch (extra torch)")
    module = torch_module(torch)
    rng = np.random.default_rng(1)
    samples = Samples(rng.random((20, 112)).astype(np.float32), np.arange(20) % 3, 0, 1)
    teacher = module_teacher(module, (2, 8, 7), samples)
    values = samples.values(slice(None))
    found = teacher.activations(values)
    for mine, plain in zip(found, plain_activations(teacher.network, values), strict=True):
        assert np.allclose(mine, plain, atol=1e-4)
    with torch.no_grad():
        logits = module.eval()(torch.from_numpy(to_image(values, (2, 8, 7)))).numpy()
    assert np.allclose(found[-1], logits, atol=1e-5)


def test_a_part_that_no_chip_has_is_named():
    torch = pytest.importorskip("torch", reason="needs PyTorch (extra torch)")
    nn = torch.nn
    samples = Samples(np.zeros((4, 6), np.float32), np.arange(4) % 2, 0, 1)
    with pytest.raises(TeacherError, match=r"Sequential\.1 \(Tanh\): no chip has it"):
        module_teacher(nn.Sequential(nn.Linear(6, 4), nn.Tanh(), nn.Linear(4, 2)), (6, 1, 1), samples)
    with pytest.raises(TeacherError, match=r"Sequential\.1 \(Linear\): follows .* with no rectifier"):
        module_teacher(nn.Sequential(nn.Linear(6, 4), nn.Linear(4, 2)), (6, 1, 1), samples)


def test_a_ceiling_from_zero_is_kept_and_another_floor_refused():
    nn = pytest.importorskip("torch", reason="needs PyTorch (extra torch)").nn
    samples = Samples(np.random.default_rng(1).random((20, 6)).astype(np.float32), np.arange(20) % 2, 0, 1)
    clipped = nn.Sequential(nn.Linear(6, 4), nn.Hardtanh(0.0, 0.25), nn.Linear(4, 3), nn.ReLU6(), nn.Linear(3, 2))
    teacher = module_teacher(clipped, (6, 1, 1), samples)
    assert teacher.network.ceilings == (0.25, 6.0, None)
    values = samples.values(slice(None))
    for mine, plain in zip(teacher.activations(values), plain_activations(teacher.network, values), strict=True):
        assert np.allclose(mine, plain, atol=1e-5)
    with pytest.raises(TeacherError, match=r"Sequential\.1 \(Hardtanh\): clips from -1; neurons rectify: clip from 0"):
        module_teacher(nn.Sequential(nn.Linear(6, 4), nn.Hardtanh(), nn.Linear(4, 2)), (6, 1, 1), samples)


@pytest.mark.parametrize("name", ["same", "same, even", "normalised behind", "pooled before", "mean at the end"])
def test_what_is_linear_beside_a_sum_is_part_of_it(name):
    torch = pytest.importorskip("torch", reason="needs PyTorch (extra torch)")
    nn = torch.nn
    torch.manual_seed(3)
    ends = nn.Flatten(), nn.LazyLinear(3)
    parts = {
        "same": lambda: [nn.Conv2d(2, 4, 3, padding="same"), nn.ReLU(), *ends],
        "same, even": lambda: [nn.Conv2d(2, 4, (2, 4), padding="same"), nn.ReLU(), *ends],
        "normalised behind": lambda: [nn.Conv2d(2, 4, 3), nn.ReLU(), nn.BatchNorm2d(4), *ends],
        "pooled before": lambda: [nn.Conv2d(2, 4, 3), nn.AvgPool2d(2), nn.ReLU(), *ends],
        "mean at the end": lambda: [nn.Conv2d(2, 4, 3), nn.ReLU(), nn.Conv2d(4, 3, 1), nn.AdaptiveAvgPool2d(1)],
    }
    module = nn.Sequential(*parts[name]())
    with torch.no_grad():
        module(torch.rand(20, 2, 6, 6))  # where there is batch normalisation, it learns its statistics
    module.eval()
    samples = Samples(np.random.default_rng(1).random((20, 72)).astype(np.float32), np.arange(20) % 3, 0, 1)
    teacher = module_teacher(module, (2, 6, 6), samples)
    values = samples.values(slice(0, 4))
    with torch.no_grad():
        theirs = module(torch.from_numpy(to_image(values, (2, 6, 6)))).numpy().reshape(4, 3)
    assert np.allclose(teacher.activations(values)[-1], theirs, atol=1e-5)
    assert np.allclose(plain_activations(teacher.network, values)[-1], theirs, atol=1e-5)
