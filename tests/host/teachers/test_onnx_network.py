"""What an ONNX file's operators become on the chip, compared with plain loops and with onnxruntime's own output."""

from dataclasses import replace

import numpy as np
import onnx_models
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx_models import dense_model, model, rng_array, saved
from plain_network import plain_activations, random_network, small_network

from chipsim.design import AveragePool, Convolution, Dense, Flatten, from_image, to_image
from host.teachers.onnx.network import read_network
from host.teachers.onnx.teacher import read_onnx
from host.teachers.onnx.write import write_onnx


def inputs_of(network, n=6, seed=3):
    return np.random.default_rng(seed).random((n, network.sizes[0])).astype(np.float32)


def assert_computes_what_it_says(network, forward):
    values = inputs_of(network)
    mine = forward(values)
    assert [each.shape for each in mine] == [(len(values), size) for size in network.sizes[1:]]
    assert all(each.dtype == np.float32 for each in mine)
    for number, (run, plain) in enumerate(zip(mine, plain_activations(network, values), strict=True)):
        assert np.allclose(run, plain, rtol=1e-4, atol=1e-4), number
    assert any((each > 0).any() for each in mine[:-1]), "nothing is active"


def test_a_written_network_is_read_back_bit_for_bit(tmp_path):
    network = small_network()
    write_onnx(network, tmp_path / "n.onnx")
    again, forward = read_onnx(tmp_path / "n.onnx")
    assert again.input_shape == network.input_shape
    assert again.layers == network.layers
    for mine, theirs in zip(again.weights, network.weights, strict=True):
        assert (mine is None) == (theirs is None)
        if mine is not None:
            assert all(np.array_equal(a, b) for a, b in zip(mine, theirs, strict=True))
    assert_computes_what_it_says(again, forward)


@st.composite
def networks(draw):
    shape = (draw(st.integers(1, 3)), draw(st.integers(3, 7)), draw(st.integers(3, 7)))
    layers, (_, height, width) = [], shape
    for _ in range(draw(st.integers(0, 3))):
        kernel = draw(st.tuples(st.integers(1, min(3, height)), st.integers(1, min(3, width))))
        stride = draw(st.tuples(st.integers(1, 2), st.integers(1, 2)))
        if draw(st.booleans()):
            pad = draw(st.tuples(*(st.integers(0, side - 1) for side in kernel * 2)))
            layers.append(Convolution(channels=draw(st.integers(1, 4)), kernel=kernel, stride=stride, padding=pad))
        else:
            layers.append(AveragePool(kernel=kernel, stride=stride))
        [*_, last] = random_network(shape, layers).shapes
        _, height, width = last.output
    layers.append(Flatten())
    layers += [Dense(units=draw(st.integers(1, 5))) for _ in range(draw(st.integers(1, 2)))]
    return random_network(shape, layers, draw(st.integers(0, 99)))


@given(networks())
@settings(max_examples=40, deadline=None)
def test_any_network_is_written_read_and_computed(tmp_path_factory, network):
    path = tmp_path_factory.mktemp("onnx") / "n.onnx"
    write_onnx(network, path)
    again, forward = read_onnx(path)
    assert [layer.kind for layer in again.layers if layer.kind != "flatten"] == [
        layer.kind for layer in network.layers if layer.kind != "flatten"
    ]
    values = inputs_of(network)
    for run, plain in zip(forward(values), plain_activations(network, values), strict=True):
        assert np.allclose(run, plain, rtol=1e-3, atol=1e-4)


CONV = {
    "k": rng_array(4, 2, 3, 3),
    "kb": rng_array(4, seed=1),
    "w": rng_array(3, 36, seed=2),
    "b": rng_array(3, seed=3),
}
BATCH_NORM = {
    "scale": rng_array(4, seed=4) + 1,
    "shift": rng_array(4, seed=5),
    "mean": rng_array(4, seed=6),
    "var": np.abs(rng_array(4, seed=7)) + 0.2,
}
HEAD = [("Flatten", "last", "f", {}), ("Gemm", "f w b", "y", {"transB": 1})]
MODELS = {
    "conv, batch norm, relu": (
        [
            ("Conv", "x k kb", "c", {"pads": [1, 1, 1, 1], "strides": [2, 2]}),
            ("BatchNormalization", "c scale shift mean var", "n", {"epsilon": 0.01}),
            ("Relu", "n", "last", {}),
            *HEAD,
        ],
        BATCH_NORM,
    ),
    "conv without bias, then added": (
        [
            ("Conv", "x k", "c", {"pads": [1, 1, 1, 1], "strides": [2, 2]}),
            ("Add", "c kb3", "a", {}),
            ("Relu", "a", "last", {}),
            *HEAD,
        ],
        {"kb3": rng_array(4, 1, 1, seed=8)},
    ),
    "clip, dropout, identity": (
        [
            ("Identity", "x", "i", {}),
            ("Conv", "i k kb", "c", {"pads": [1, 1, 1, 1], "strides": [2, 2]}),
            ("Clip", "c zero six", "cl", {}),
            ("Dropout", "cl", "last", {}),
            *HEAD,
        ],
        {"zero": np.float32(0), "six": np.float32(0.9)},
    ),
    "average pool and reshape": (
        [
            ("Conv", "x k kb", "c", {"pads": [1, 1, 1, 1]}),
            ("Relu", "c", "r", {}),
            ("AveragePool", "r", "last", {"kernel_shape": [2, 2], "strides": [2, 2]}),
            ("Reshape", "last flat", "f", {}),
            ("Gemm", "f w b", "y", {"transB": 1}),
        ],
        {"flat": np.array([0, -1], np.int64)},
    ),
    "global average pool": (
        [
            ("Conv", "x k kb", "c", {}),
            ("Relu", "c", "r", {}),
            ("GlobalAveragePool", "r", "g", {}),
            ("Flatten", "g", "f", {}),
            ("Gemm", "f w4 b", "y", {}),
        ],
        {"w4": rng_array(4, 3, seed=9)},
    ),
    "matmul and add, either way round": (
        [
            ("Flatten", "x", "f", {}),
            ("MatMul", "f m", "p", {}),
            ("Add", "mb p", "a", {}),
            ("Relu", "a", "r", {}),
            ("MatMul", "r m2", "q", {}),
            ("Add", "q b", "y", {}),
        ],
        {"m": rng_array(72, 5, seed=10), "mb": rng_array(5, seed=11), "m2": rng_array(5, 3, seed=12)},
    ),
    "gemm's factors and a softmax at the end": (
        [
            ("Flatten", "x", "f", {}),
            ("Gemm", "f m mb", "p", {"alpha": 0.5, "beta": 2.0}),
            ("Relu", "p", "r", {}),
            ("Gemm", "r m2", "q", {}),
            ("Softmax", "q", "y", {}),
        ],
        {"m": rng_array(72, 5, seed=10), "mb": rng_array(5, seed=11), "m2": rng_array(5, 3, seed=12)},
    ),
    "weights that nodes make": (
        [
            ("Flatten", "x", "f", {}),
            ("Transpose", "mt", "m", {}),
            ("Identity", "mb0", "mb", {}),
            ("Gemm", "f m mb", "p", {}),
            ("Relu", "p", "r", {}),
            ("Gemm", "r m2", "y", {}),
        ],
        {"mt": rng_array(5, 72, seed=10), "mb0": rng_array(5, seed=11), "m2": rng_array(5, 3, seed=12)},
    ),
}


@pytest.mark.parametrize("name", MODELS)
def test_operators_become_layers(tmp_path, name):
    nodes, more = MODELS[name]
    made = model(nodes, CONV | more, input_shape=("batch", 2, 6, 6))
    network, forward = read_onnx(saved(tmp_path, made))
    assert_computes_what_it_says(network, forward)
    values = inputs_of(network)
    session = onnxruntime.InferenceSession(made.SerializeToString())
    [whole] = session.run(None, {"x": to_image(values, network.input_shape)})
    logits = forward(values)[-1]
    if "Softmax" in str(nodes):
        logits = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    assert np.allclose(logits, whole, rtol=1e-4, atol=1e-5)


def test_a_clip_is_tapped_after_its_ceiling(tmp_path):
    nodes, more = MODELS["clip, dropout, identity"]
    _, forward = read_onnx(saved(tmp_path, model(nodes, CONV | more, input_shape=("batch", 2, 6, 6))))
    first = forward(np.random.default_rng(1).random((20, 72)).astype(np.float32))[0]
    assert first.max() == np.float32(0.9)
    assert first.min() == 0


def test_ceilings_are_written_and_read(tmp_path):
    network = small_network()
    ceilings = (0.5, None, 0.25, None, None)
    write_onnx(replace(network, ceilings=ceilings), tmp_path / "t.onnx")
    read, forward = read_onnx(tmp_path / "t.onnx")
    assert read.ceilings == ceilings
    assert_computes_what_it_says(read, forward)
    activations = forward(inputs_of(network))
    assert [each.max() for each in activations[::2]] == [0.5, 0.25, activations[4].max()]


def test_activations_come_in_the_chips_order(tmp_path):
    """A kernel that picks one channel and place shows where it came from."""
    kernel = np.zeros((2, 3, 1, 1), np.float32)
    kernel[0, 1], kernel[1, 2] = 1, 1
    nodes = [("Conv", "x k", "c", {}), ("Relu", "c", "last", {}), *HEAD]
    made = model(nodes, {"k": kernel, "w": rng_array(3, 40), "b": rng_array(3)}, input_shape=(1, 3, 4, 5))
    _, forward = read_onnx(saved(tmp_path, made))
    images = np.random.default_rng(2).random((4, 3, 4, 5)).astype(np.float32)
    assert np.array_equal(forward(from_image(images))[0], from_image(images[:, 1:]))


@pytest.mark.parametrize("sides", [(6, 8), (1, 6, 8), (48,)])
def test_grey_images_may_come_with_or_without_a_channel_or_flat(tmp_path, sides):
    flatten = [("Flatten", "x", "f", {})] if len(sides) > 1 else []
    nodes = [*flatten, ("Gemm", "f w b" if flatten else "x w b", "y", {"transB": 1})]
    made = model(nodes, {"w": rng_array(3, 48), "b": rng_array(3)}, input_shape=("n", *sides))
    network, forward = read_onnx(saved(tmp_path, made))
    assert network.sizes == (48, 3)
    assert_computes = plain_activations(network, inputs_of(network))
    assert np.allclose(forward(inputs_of(network))[0], assert_computes[0], atol=1e-5)


@pytest.mark.parametrize(
    "make", [dense_model, lambda: model(*MODELS["conv, batch norm, relu"][:1], CONV | BATCH_NORM, ("b", 2, 6, 6))]
)
def test_a_samples_bits_do_not_depend_on_its_chunk(tmp_path, make):
    network, forward = read_onnx(saved(tmp_path, make()))
    values = inputs_of(network, n=37)
    whole = forward(values)
    order = np.random.default_rng(5).permutation(37)
    for index in (slice(5, 6), slice(0, 36), order):
        assert all(np.array_equal(part, all_[index]) for part, all_ in zip(forward(values[index]), whole, strict=True))


def test_old_files_list_weights_among_the_inputs(tmp_path):
    def list_weights(made):
        for tensor in made.graph.initializer:
            made.graph.input.append(
                onnx_models.helper.make_tensor_value_info(tensor.name, tensor.data_type, list(tensor.dims))
            )

    network, _ = read_onnx(saved(tmp_path, onnx_models.edited(dense_model(), list_weights)))
    assert network.sizes == (6, 5, 3)


def test_reading_leaves_the_model_as_it_is():
    made = dense_model()
    before = made.SerializeToString()
    read_network(made, "model")
    assert made.SerializeToString() == before
