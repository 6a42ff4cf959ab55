"""What is linear beside a weighted sum becomes part of it: the same scores as onnxruntime gives of the file itself."""

import numpy as np
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx_models import edited, helper, model, rng_array, saved
from plain_network import plain_activations

from host.errors import TeacherError
from host.teachers.onnx.teacher import read_onnx

K = {"k": rng_array(4, 2, 3, 3), "kb": rng_array(4, seed=1), "k2": rng_array(5, 4, 3, 3, seed=9)}
NORM = {
    "scale": -rng_array(4, seed=4),
    "shift": rng_array(4, seed=5),
    "mean": rng_array(4, seed=6),
    "var": np.abs(rng_array(4, seed=7)) + 0.2,
}
POOL = {"kernel_shape": [2, 2], "strides": [2, 2]}
HEAD = [("Flatten", "last", "f", {}), ("Gemm", "f w b", "y", {"transB": 1})]
IMAGE, PADDED = ("batch", 2, 6, 6), {"pads": [1, 1, 1, 1]}


def head(n):
    return {"w": rng_array(3, n, seed=2), "b": rng_array(3, seed=3)}


def scores(made, values):
    """Of the file itself: the output that is no label."""
    outputs = onnxruntime.InferenceSession(made.SerializeToString()).run(None, {"x": values})
    [found] = [each for each in outputs if isinstance(each, np.ndarray) and each.dtype == np.float32]
    return found.reshape(len(found), -1)


def check(tmp_path, made, sides, after=lambda scores: scores, n=8):
    """Reads `made`, whose input has these sides; `after` is what the file does to its scores at the end."""
    network, forward = read_onnx(saved(tmp_path, made))
    values = np.random.default_rng(3).random((n, network.sizes[0])).astype(np.float32)
    expected = np.concatenate([scores(made, forward._feed(row[None]).reshape(1, *sides)) for row in values])
    for logits in (forward(values)[-1], plain_activations(network, values)[-1]):
        assert np.allclose(after(logits), expected, rtol=1e-4, atol=1e-5)
    assert expected.std(axis=0).min() > 0
    assert forward.fidelity.word == "exact"
    return network, forward


def conv(values="x", name="c", weights="k kb", **attributes):
    return ("Conv", f"{values} {weights}", name, attributes)


FOLDED = {
    "a pool before the rectifier": (
        [conv(**PADDED), ("AveragePool", "c", "p", POOL), ("Relu", "p", "last", {}), *HEAD],
        36,
    ),
    "overlapping windows": (
        [
            conv(strides=[2, 1]),
            ("AveragePool", "c", "p", {"kernel_shape": [2, 3], "strides": [1, 1]}),
            ("Relu", "p", "last", {}),
            *HEAD,
        ],
        4 * 1 * 2,
    ),
    "a mean of all before the rectifier": (
        [conv(), ("GlobalAveragePool", "c", "p", {}), ("Relu", "p", "last", {}), *HEAD],
        4,
    ),
    "normalised behind the rectifier": (
        [conv(), ("Relu", "c", "r", {}), ("BatchNormalization", "r scale shift mean var", "last", {}), *HEAD],
        64,
    ),
    "normalised behind the rectifier, then pooled": (
        [
            conv(),
            ("Relu", "c", "r", {}),
            ("BatchNormalization", "r scale shift mean var", "n", {}),
            ("AveragePool", "n", "last", POOL),
            *HEAD,
        ],
        16,
    ),
    "normalised behind the rectifier, then convolved": (
        [
            conv(),
            ("Relu", "c", "r", {}),
            ("BatchNormalization", "r scale shift mean var", "n", {}),
            conv("n", "c2", "k2"),
            ("Relu", "c2", "last", {}),
            *HEAD,
        ],
        20,
    ),
    "scaled behind the rectifier, then convolved with padding": (
        [
            conv(),
            ("Relu", "c", "r", {}),
            ("Mul", "r gains", "n", {}),
            conv("n", "c2", "k2", **PADDED),
            ("Relu", "c2", "last", {}),
            *HEAD,
        ],
        80,
    ),
    "an input that is normalised by channel": (
        [("Sub", "x means", "m", {}), ("Div", "m stds", "n", {}), conv("n"), ("Relu", "c", "last", {}), *HEAD],
        64,
    ),
    "an input that is normalised by pixel": (
        [("Flatten", "x", "v", {}), ("Sub", "v pixels", "m", {}), ("Mul", "m pixels", "f", {}), HEAD[1]],
        72,
    ),
    "an input turned round": (
        [("Sub", "one x", "m", {}), conv("m"), ("Relu", "c", "last", {}), *HEAD],
        64,
    ),
    "shifts and gains of a sum": (
        [
            conv(),
            ("Mul", "c gains", "m", {}),
            ("Add", "shifts m", "a", {}),
            ("Div", "a half", "d", {}),
            ("Sub", "d half", "s", {}),
            ("Relu", "s", "last", {}),
            *HEAD,
        ],
        64,
    ),
    "a convolution over the whole image at the end": ([conv(), ("Relu", "c", "r", {}), conv("r", "y", "k4 b")], None),
    "the same, flattened": (
        [conv(), ("Relu", "c", "r", {}), conv("r", "e", "k4 b"), ("Flatten", "e", "y", {})],
        None,
    ),
    "a mean of all at the end": (
        [conv(**PADDED), ("Relu", "c", "r", {}), ("GlobalAveragePool", "r", "y", {})],
        None,
    ),
    "a mean of all without a rectifier at the end": (
        [conv(**PADDED, strides=[2, 2]), ("GlobalAveragePool", "c", "g", {}), ("Flatten", "g", "y", {})],
        None,
    ),
    "a mean over height and width": (
        [conv(), ("ReduceMean", "c", "p", {"axes": [2, 3]}), ("Relu", "p", "last", {}), *HEAD],
        4,
    ),
    "the same, counted from the end, at the end": (
        [conv(**PADDED), ("Relu", "c", "r", {}), ("ReduceMean", "r", "y", {"axes": [-1, -2], "keepdims": 0})],
        None,
    ),
    "normalised behind a mean at the end": (
        [
            conv(),
            ("Relu", "c", "r", {}),
            ("GlobalAveragePool", "r", "g", {}),
            ("BatchNormalization", "g scale shift mean var", "y", {}),
        ],
        None,
    ),
}


@pytest.mark.parametrize("name", FOLDED)
def test_the_scores_are_those_of_the_file(tmp_path, name):
    nodes, n = FOLDED[name]
    constants = K | NORM | (head(n) if n else {"k4": rng_array(3, 4, 4, 4), "b": rng_array(3)})
    constants |= {
        "gains": rng_array(1, 4, 1, 1, seed=11),
        "shifts": rng_array(4, 1, 1, seed=12),
        "half": np.float32(0.5),
        "one": np.float32(1),
        "means": rng_array(2, 1, 1, seed=13),
        "stds": np.abs(rng_array(2, 1, 1, seed=14)) + 0.3,
        "pixels": rng_array(1, 72, seed=15),
    }
    check(tmp_path, model(nodes, constants, IMAGE), (2, 6, 6))


@given(
    st.tuples(st.integers(1, 4), st.integers(1, 4)),
    st.tuples(st.integers(1, 3), st.integers(1, 3)),
    st.sampled_from(["SAME_UPPER", "SAME_LOWER", "VALID"]),
)
@settings(max_examples=25, deadline=None)
def test_padding_by_itself_is_that_of_the_runtime(tmp_path_factory, kernel, strides, auto_pad):
    nodes = [conv("x", "c", "k", auto_pad=auto_pad, strides=strides), ("GlobalAveragePool", "c", "y", {})]
    made = model(nodes, {"k": rng_array(3, 2, *kernel)}, ("batch", 2, 7, 6))
    try:
        network, forward = read_onnx(saved(tmp_path_factory.mktemp("pad"), made))
    except TeacherError as error:
        assert "pad by less than the kernel" in str(error) or "see nothing" in str(error)
        assert auto_pad != "VALID" and any(step > side for step, side in zip(strides, kernel, strict=True))
        return
    values = np.random.default_rng(1).random((2, 84)).astype(np.float32)
    expected = np.concatenate([scores(made, forward._feed(row[None])) for row in values])
    assert np.allclose(plain_activations(network, values)[-1], expected, rtol=1e-4, atol=1e-5)


def test_channels_may_come_last(tmp_path):
    """As Keras has them: moved for the convolution, and moved back before they are flattened."""
    nodes = [
        ("Transpose", "x", "t", {"perm": [0, 3, 1, 2]}),
        conv("t"),
        ("Relu", "c", "r", {}),
        ("Transpose", "r", "u", {"perm": [0, 2, 3, 1]}),
        ("Reshape", "u s", "f", {}),
        HEAD[1],
    ]
    constants = K | head(64) | {"s": np.array([-1, 64])}
    network, _ = check(tmp_path, model(nodes, constants, ("n", 6, 6, 2)), (6, 6, 2))
    assert network.input_shape == (2, 6, 6)


ONE_CHANNEL = {
    "last, moved": ((6, 8, 1), [("Transpose", "x", "t", {"perm": [0, 3, 1, 2]})]),
    "last, reshaped": ((6, 8, 1), [("Reshape", "x s", "t", {})]),
    "none, added": ((6, 8), [("Unsqueeze", "x a", "t", {})]),
    "in a row": ((48,), [("Reshape", "x s", "t", {})]),
}


@pytest.mark.parametrize("name", ONE_CHANNEL)
def test_one_channel_may_stand_anywhere(tmp_path, name):
    sides, nodes = ONE_CHANNEL[name]
    nodes = [*nodes, ("Conv", "t k1 kb", "c", {}), ("Relu", "c", "last", {}), *HEAD]
    constants = {"k1": rng_array(4, 1, 3, 3), "kb": K["kb"], "s": np.array([-1, 1, 6, 8]), "a": np.array([1])}
    network, _ = check(tmp_path, model(nodes, constants | head(96), ("n", *sides)), sides)
    assert network.input_shape == (1, 6, 8)


def test_one_channel_last_may_be_flattened(tmp_path):
    made = model([("Flatten", "x", "f", {}), HEAD[1]], head(48), ("n", 6, 8, 1))
    network, _ = check(tmp_path, made, (6, 8, 1))
    assert network.input_shape == (1, 6, 8)


def test_shapes_are_read_off_the_data_as_old_exporters_do(tmp_path):
    nodes = [
        conv(),
        ("Relu", "c", "last", {}),
        ("Shape", "last", "sh", {}),
        ("Gather", "sh zero", "n", {"axis": 0}),
        ("Unsqueeze", "n axes", "u", {}),
        ("Concat", "u rest", "s", {"axis": 0}),
        ("Reshape", "last s", "f", {}),
        HEAD[1],
    ]
    constants = K | head(64) | {"zero": np.int64(0), "axes": np.array([0]), "rest": np.array([-1])}
    check(tmp_path, model(nodes, constants, IMAGE), (2, 6, 6))


REFUSED = {
    "a shift before padding": (
        [("Sub", "x half", "m", {}), conv("m", **PADDED), ("Relu", "c", "last", {}), *HEAD],
        ["my_sub_m", "my_conv_c' pads with zeros", "inputs from 0 to 1 need none"],
    ),
    "normalised behind the rectifier, before padding": (
        [
            conv(),
            ("Relu", "c", "r", {}),
            ("BatchNormalization", "r scale shift mean var", "n", {}),
            conv("n", "c2", "k2", **PADDED),
            ("Relu", "c2", "last", {}),
            *HEAD,
        ],
        ["my_batchnormalization_n", "so its edges would differ", "before the rectifier"],
    ),
    "another gain at each column of the image": (
        [conv(), ("Mul", "c columns", "m", {}), ("Relu", "m", "last", {}), *HEAD],
        ["my_mul_m", "differs between the positions of a channel"],
    ),
    "rectified twice": (
        [conv(), ("Relu", "c", "r", {}), ("Sub", "r half", "s", {}), ("Relu", "s", "last", {}), *HEAD],
        ["my_relu_last", "my_sub_s' shifts or turns round"],
    ),
    "a constant over the values": (
        [("Div", "half x", "m", {}), conv("m"), ("Relu", "c", "last", {}), *HEAD],
        ["my_div_m", "divides a constant by the values"],
    ),
    "axes exchanged": (
        [("Transpose", "x", "m", {"perm": [0, 1, 3, 2]}), conv("m"), ("Relu", "c", "last", {}), *HEAD],
        ["my_transpose_m", "channels first"],
    ),
    "a map of scores": ([conv("x", "y")], ["ends with convolution", "a single place of the image"]),
    "a division by 0": ([("Div", "x nought", "m", {}), conv("m", "y")], ["my_div_m", "NaN or infinity"]),
    "more than the values": (
        [conv(), ("Add", "c wide", "m", {}), ("Relu", "m", "last", {}), *HEAD],
        ["my_add_m", "a constant of shape (4, 4, 9)"],
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_does_not_fold_exactly_is_refused(tmp_path, name):
    nodes, words = REFUSED[name]
    constants = K | NORM | head(64) | {"half": np.float32(0.5), "columns": rng_array(4), "nought": np.float32(0)}
    constants["wide"] = rng_array(4, 4, 9)
    with pytest.raises(TeacherError) as error:
        read_onnx(saved(tmp_path, model(nodes, constants, IMAGE)))
    for word in words:
        assert word in str(error.value)


def classifier(nodes, labels="ints", **constants):
    """As skl2onnx writes one: x through `nodes` to z, then labels and a map from label to probability."""
    made = model(nodes, constants, ("", 6), outputs=())
    made.opset_import.append(helper.make_opsetid("ai.onnx.ml", 1))
    kind = 7 if labels == "ints" else 8
    made.graph.output.append(helper.make_tensor_value_info("label", kind, [None]))
    return made


def with_map(made, n, words=False):
    names = {"classlabels_strings": list("abcdefgh"[:n])} if words else {"classlabels_int64s": list(range(n))}
    made.graph.node.append(helper.make_node("ArgMax", ["p"], ["label"], axis=1, keepdims=0))
    made.graph.node.append(helper.make_node("ZipMap", ["p"], ["map"], domain="ai.onnx.ml", **names))
    made.graph.output.add().name = "map"
    return made


MLP = [("MatMul", "x w1", "a", {}), ("Add", "a b1", "h", {}), ("Relu", "h", "r", {}), ("MatMul", "r w2", "z", {})]


@pytest.mark.parametrize("words", [False, True])
def test_a_classifiers_scores_are_followed_and_its_scaler_folded(tmp_path, words):
    nodes = [*MLP, ("Softmax", "z", "p", {})]
    constants = {"w1": rng_array(6, 5), "b1": rng_array(1, 5), "w2": rng_array(5, 3)}
    made = with_map(classifier(nodes, **constants), 3, words)
    scaler = helper.make_node(
        "Scaler", ["x"], ["scaled"], domain="ai.onnx.ml", offset=[0.5, 1, 0, -1, 2, 3], scale=[2.0, 1, 1, 0.5, 3, 1]
    )

    def scale(made):
        made.graph.node[0].input[0] = "scaled"
        made.graph.node.insert(0, scaler)

    made = edited(made, scale)
    made.graph.output.append(helper.make_tensor_value_info("p", 1, [None, 3]))
    with pytest.raises(TeacherError, match="has 3 outputs"):
        read_onnx(saved(tmp_path, made))
    whole = edited(made, lambda made: made.graph.output.pop(1))
    softmax = lambda z: np.exp(z) / np.exp(z).sum(1, keepdims=True)  # noqa: E731
    network, forward = check(tmp_path, whole, (6,), softmax)
    assert network.sizes == (6, 5, 3)
    assert any("Scaler" in note and "folded into" in note for note in forward.fidelity.notes)
    _, forward = read_onnx(saved(tmp_path, edited(made, lambda made: made.graph.output.pop(2))))
    assert any("the file's a, b, c" in note for note in forward.fidelity.notes) == words


def test_one_score_for_two_classes_becomes_two(tmp_path):
    nodes = [
        *MLP,
        ("Sigmoid", "z", "q", {}),
        ("Sub", "one q", "other", {}),
        ("Concat", "other q", "p", {"axis": 1}),
    ]
    constants = {"w1": rng_array(6, 5), "b1": rng_array(1, 5), "w2": rng_array(5, 1) - 0.1, "one": np.float32(1)}
    made = classifier(nodes, **constants)
    made.graph.node.append(helper.make_node("ArgMax", ["p"], ["label"], axis=1, keepdims=0))
    made.graph.output.append(helper.make_tensor_value_info("p", 1, [None, 2]))
    network, _ = check(tmp_path, made, (6,), lambda z: 1 / (1 + np.exp(-z)))
    assert network.sizes == (6, 5, 2)


@pytest.mark.parametrize("after", ["NONE", "SOFTMAX", "LOGISTIC"])
@pytest.mark.parametrize("n", [1, 2, 4])
def test_a_linear_classifier_is_a_layer(tmp_path, n, after):
    made = classifier([("Identity", "x", "i", {})])
    coefficients, intercepts = rng_array(n, 6, seed=n), rng_array(n, seed=7)
    labels = list(range(max(n, 2)))
    made.graph.node.append(
        helper.make_node(
            "LinearClassifier",
            ["i"],
            ["label", "s"],
            domain="ai.onnx.ml",
            coefficients=coefficients.ravel().tolist(),
            intercepts=intercepts.tolist(),
            classlabels_ints=labels,
            post_transform=after,
            multi_class=1,
        )
    )
    made.graph.output.append(helper.make_tensor_value_info("s", 1, [None, len(labels)]))
    network, forward = read_onnx(saved(tmp_path, made))
    values = np.random.default_rng(0).random((20, 6)).astype(np.float32)
    sums = values @ coefficients.T + intercepts
    expected = np.hstack([-sums, sums]) if n == 1 else sums
    for logits in (forward(values)[-1], plain_activations(network, values)[-1]):
        assert np.allclose(logits, expected, atol=1e-5)


def test_what_no_layer_can_be_is_refused_by_its_kind(tmp_path):
    made = classifier([("Identity", "x", "i", {})])
    made.graph.node.append(helper.make_node("Normalizer", ["i"], ["n"], domain="ai.onnx.ml", norm="L2"))
    made.graph.node.append(helper.make_node("Gemm", ["n", "w"], ["p"]))
    made.graph.initializer.append(helper.make_tensor("w", 1, [6, 2], [1.0] * 12))
    made.graph.output.append(helper.make_tensor_value_info("p", 1, [None, 2]))
    with pytest.raises(TeacherError, match="Normalizer 'n': no chip here does this: normalise the data instead"):
        read_onnx(saved(tmp_path, made))
