"""ONNX files as somebody else's programs: only listed operators are evaluated, within bounds, no other file is read."""

import os

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnx_models import dense_model, edited, model, rng_array, saved

from host.errors import TeacherError
from host.teachers.onnx.constants import reshaped
from host.teachers.onnx.file import file_digest
from host.teachers.onnx.teacher import read_onnx

W, B, V = rng_array(6, 5), rng_array(5), rng_array(5, 3)


def refused(path):
    with pytest.raises(TeacherError) as error:
        file_digest(path)
        read_onnx(path)
    message = str(error.value)
    assert str(path) in message
    assert message.isprintable(), "one line, and nothing that a terminal would act on"
    assert len(message) < 1000
    return message


def with_made(nodes, **constants):
    """A network whose first weights, w, `nodes` make."""
    more = [("Gemm", "x w b", "h", {}), ("Relu", "h", "r", {}), ("Gemm", "r v", "y", {})]
    return model([*nodes, *more], {"b": B, "v": V} | constants, ("batch", 6))


def a_loop():
    made = with_made([("Identity", "w0", "w", {})], w0=W, trips=np.int64(2**62), go=np.bool_(True))
    body = helper.make_graph(
        [helper.make_node("Identity", ["c"], ["d"]), helper.make_node("Identity", ["a"], ["e"])],
        "body",
        [
            helper.make_tensor_value_info("i", TensorProto.INT64, []),
            helper.make_tensor_value_info("c", TensorProto.BOOL, []),
            helper.make_tensor_value_info("a", TensorProto.FLOAT, [6, 5]),
        ],
        [
            helper.make_tensor_value_info("d", TensorProto.BOOL, []),
            helper.make_tensor_value_info("e", TensorProto.FLOAT, [6, 5]),
        ],
    )
    made.graph.node[0].CopyFrom(helper.make_node("Loop", ["trips", "go", "w0"], ["w"], body=body))
    return made


def an_if():
    def branch(name):
        return helper.make_graph(
            [helper.make_node("Identity", ["w0"], [name])],
            name,
            [],
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, [6, 5])],
        )

    made = with_made([("Identity", "w0", "w", {})], w0=W, go=np.bool_(True))
    node = helper.make_node("If", ["go"], ["w"], then_branch=branch("t"), else_branch=branch("e"))
    made.graph.node[0].CopyFrom(node)
    return made


def doubled(times):
    """Each node joins the last result to itself."""
    nodes = [("Concat", f"d{n} d{n}", f"d{n + 1}", {"axis": 0}) for n in range(times)]
    return with_made([*nodes, ("Identity", f"d{times}", "w", {})], d0=W)


def added(times):
    """Small results, but as many as one likes."""
    nodes = [("Add", f"d{n} d{n}", f"d{n + 1}", {}) for n in range(times)]
    return with_made([*nodes, ("Identity", f"d{times}", "w", {})], d0=np.zeros((600, 500), np.float32))


def shapes_of_shapes(times):
    nodes = [
        node
        for n in range(times)
        for node in [("Shape", f"s{n}", f"t{n}", {}), ("ConstantOfShape", f"t{n}", f"s{n + 1}", {})]
    ]
    return with_made([*nodes, ("Identity", f"s{times}", "w", {})], s0=W)


def a_function():
    made = dense_model()
    relu = helper.make_node("Neg", ["a"], ["b"])
    made.functions.append(helper.make_function("", "Relu", ["a"], ["b"], [relu], [helper.make_opsetid("", 17)]))
    return made


def change(index=0, **fields):
    """The dense model with fields of a stored tensor set otherwise."""

    def apply(made):
        tensor = made.graph.initializer[index]
        for name, value in fields.items():
            if isinstance(value, list):
                del getattr(tensor, name)[:]
                getattr(tensor, name).extend(value)
            else:
                setattr(tensor, name, value)

    return edited(dense_model(), apply)


def external(**entries):
    def apply(made):
        tensor = made.graph.initializer[0]
        tensor.ClearField("raw_data")
        tensor.data_location = TensorProto.EXTERNAL
        for key, value in entries.items():
            tensor.external_data.add(key=key, value=value)

    return edited(dense_model(), apply)


def strings():
    return edited(
        dense_model(),
        lambda made: made.graph.initializer[0].CopyFrom(
            helper.make_tensor("w1", TensorProto.STRING, [6, 5], [b"x"] * 30)
        ),
    )


def nested(depth):
    """The bytes of a model whose nodes' attributes hold graphs, so many within each other."""

    def field(number, content):
        size, length = len(content), b""
        while size > 127:
            length, size = length + bytes([size & 127 | 128]), size >> 7
        return bytes([number << 3 | 2]) + length + bytes([size]) + content

    graph = b""
    for _ in range(depth):
        graph = field(1, field(5, field(6, graph)))  # GraphProto.node, NodeProto.attribute, AttributeProto.g
    return dense_model().SerializeToString() + field(7, graph)


def attribute(node=0, **settings):
    """The dense model with attributes added to a node."""

    def apply(made):
        for name, value in settings.items():
            made.graph.node[node].attribute.append(helper.make_attribute(name, value))

    return edited(dense_model(), apply)


def named(node=0, **names):
    """The dense model with other names, and a node that makes it refused."""

    def apply(made):
        for name, value in names.items():
            setattr(made.graph.node[node], name, value)

    return edited(dense_model(), apply)


ESCAPE = "\x1b[2J\r\n"
SIZE = np.array([2**20, 2**20], np.int64)
FILES = {
    "Loop": (a_loop, ["Loop 'w'", "none of the operators that are evaluated"]),
    "If": (an_if, ["If 'w'", "none of the operators"]),
    "ConstantOfShape": (
        lambda: with_made([("ConstantOfShape", "s", "w", {})], s=SIZE),
        ["constantofshape_w", "values"],
    ),
    "Expand": (lambda: with_made([("Expand", "o s", "w", {})], o=np.float32(1), s=SIZE), ["my_expand_w", "at most"]),
    "Tile": (lambda: with_made([("Tile", "w0 s", "w", {})], w0=W, s=SIZE), ["my_tile_w", "at most"]),
    "Concat": (lambda: doubled(60), ["my_concat", "at most"]),
    "many that are small": (lambda: added(200), ["my_add", "at most"]),
    "a negative shape": (
        lambda: with_made([("ConstantOfShape", "s", "w", {})], s=np.array([-6, 5])),
        ["constantofshape_w", "negative side"],
    ),
    "a shape of text": (
        lambda: edited(
            with_made([("ConstantOfShape", "s", "w", {})]),
            lambda made: made.graph.initializer.append(helper.make_tensor("s", TensorProto.STRING, [2], [b"6", b"5"])),
        ),
        ["constant 's'", "data type STRING"],
    ),
    "a shape of NaN": (
        lambda: with_made([("ConstantOfShape", "s", "w", {})], s=np.array([np.nan, 5.0])),
        ["constantofshape_w", "cannot be evaluated"],
    ),
    "a random weight": (lambda: with_made([("RandomNormal", "", "w", {"shape": [6, 5]})]), ["RandomNormal"]),
    "made of itself": (
        lambda: with_made([("Identity", "q", "p", {}), ("Identity", "p", "q", {}), ("Identity", "q", "w", {})]),
        ["made of itself"],
    ),
    "of nothing": (
        lambda: with_made([("Identity", "absent", "w", {})]),
        ["'absent'", "as a constant, which it is not"],
    ),
    "a gather beyond": (
        lambda: with_made([("Gather", "w0 i", "w", {})], w0=W, i=np.array([99])),
        ["my_gather_w", "cannot be evaluated"],
    ),
    "integers over 0": (
        lambda: with_made([("Div", "a z", "w", {})], a=np.ones((6, 5), np.int64), z=np.int64(0)),
        ["my_div_w", "division by 0"],
    ),
    "a function called Relu": (a_function, ["Relu 'my_relu_r'", "inline"]),
    "an unknown type": (lambda: change(data_type=99), ["constant 'w1'", "data type 99"]),
    "a type of no numbers": (lambda: change(data_type=TensorProto.COMPLEX64), ["data type COMPLEX64"]),
    "strings": (strings, ["constant 'w1'", "STRING"]),
    "more than is there": (lambda: change(dims=[2**40, 5]), ["constant 'w1'", "does not hold what its shape"]),
    "a wrapped product": (lambda: change(dims=[2**63 - 1, 2**63 - 1]), ["constant 'w1'", "does not hold"]),
    "a negative side": (lambda: change(dims=[-6, -5]), ["negative side"]),
    "NUL in a path": (lambda: external(location="a\0b"), ["a\\x00b", "no file's name"]),
    "an escape in a path": (lambda: external(location="\x1b[2J"), ["\\x1b[2J", "not beside it"]),
    "a folder": (lambda: external(location="."), ["not beside it"]),
    "no path": (lambda: external(length="120"), ["not beside it"]),
    "the root": (lambda: external(location="/etc/passwd"), ["outside its own folder"]),
    "an attribute that Gemm has not": (lambda: attribute(gamma=1.0), ["my_gemm_a", "not as its operator is defined"]),
    "an opset of -2^63": (
        lambda: edited(dense_model(), lambda made: setattr(made.opset_import[0], "version", -(2**63))),
        ["opset -9223372036854775808", "which there is not"],
    ),
    "an IR version of 0": (
        lambda: edited(dense_model(), lambda made: setattr(made, "ir_version", 0)),
        ["IR version 0"],
    ),
    "a constant that is no tensor": (
        lambda: with_made([("Constant", "", "k", {"value": "text"}), ("Add", "w0 k", "w", {})], w0=W),
        ["my_constant_k", "its value is no tensor"],
    ),
    "an input that is missing": (
        lambda: edited(
            with_made([("Add", "w0 w0", "w", {})], w0=W), lambda made: made.graph.node[0].input.__setitem__(1, "")
        ),
        ["my_add_w", "an input is missing"],
    ),
    "a text as factor": (lambda: attribute(alpha="much"), ["my_gemm_a", "not as its operator is defined"]),
    "weights of 1e38, twice": (
        lambda: edited(
            dense_model(),
            lambda made: made.graph.initializer[0].CopyFrom(
                numpy_helper.from_array(np.full((6, 5), np.inf, np.float32), "w1")
            ),
        ),
        ["my_gemm_a", "NaN or infinity"],
    ),
    "a scale of 1e38 twice": (
        lambda: with_made([("Mul", "w0 big", "w1", {}), ("Mul", "w1 big", "w", {})], w0=W, big=np.float32(3e38)),
        ["my_gemm_h", "NaN or infinity"],
    ),
    "an operator that clears the screen": (lambda: named(1, op_type=ESCAPE), ["\\x1b[2J\\r\\n"]),
    "a name that does": (lambda: named(1, op_type="Erf", name=ESCAPE), ["\\x1b[2J"]),
    "a name as long as a book": (lambda: named(1, op_type="Erf", name="x" * 10**6), ["xxx"]),
    "an output that does": (
        lambda: edited(
            dense_model(), lambda made: made.graph.output.append(helper.make_tensor_value_info(ESCAPE, 1, ["n", 1]))
        ),
        ["has 2 outputs"],
    ),
    "an image of 2^40 pixels": (
        lambda: model([("AveragePool", "x", "y", {"kernel_shape": [1, 1]})], {}, ("n", 1, 2**20, 2**20)),
        ["my_averagepool_y", "at most"],
    ),
    "a mean over an image of 2^40 pixels": (
        lambda: model(
            [("Conv", "x k", "c", {}), ("GlobalAveragePool", "c", "y", {})],
            {"k": rng_array(3, 1, 1, 1)},
            ("n", 1, 2**20, 2**20),
        ),
        ["at most"],
    ),
    "padding without end": (
        lambda: model([("Conv", "x k", "y", {"pads": [2**40] * 4})], {"k": rng_array(3, 1, 3, 3)}, ("n", 1, 6, 6)),
        ["my_conv_y"],
    ),
    "a stride of 0": (
        lambda: model([("Conv", "x k", "y", {"strides": [0, 0]})], {"k": rng_array(3, 1, 3, 3)}, ("n", 1, 6, 6)),
        ["my_conv_y", "strides (0, 0)"],
    ),
    "a kernel that is none": (
        lambda: model([("AveragePool", "x", "y", {"kernel_shape": [2]})], {}, ("n", 1, 6, 6)),
        ["my_averagepool_y", "both are two sides"],
    ),
    "no kernel": (lambda: model([("AveragePool", "x", "y", {})], {}, ("n", 1, 6, 6)), ["not as its operator"]),
    "a batch that is moved": (
        lambda: model([("Reshape", "x s", "y", {})], {"s": np.array([6, 1])}, ("n", 6)),
        ["my_reshape_y", "only flattening"],
    ),
    "a shape of no values": (
        lambda: model([("Reshape", "x s", "y", {})], {"s": np.array([0, -1, 0, 7])}, ("n", 6)),
        ["my_reshape_y", "cannot reshape"],
    ),
}


@pytest.mark.parametrize("name", FILES)
def test_it_is_refused_in_one_line(tmp_path, name):
    make, words = FILES[name]
    path = saved(tmp_path, make())
    message = refused(path)
    for word in words:
        assert word in message


def test_graphs_within_graphs(tmp_path):
    """Those that protobuf reads are left alone, since the scores do not need them."""
    for depth, is_read in ((20, True), (3000, False)):
        path = tmp_path / "nested.onnx"
        path.write_bytes(nested(depth))
        if is_read:
            assert read_onnx(path)[0].sizes == (6, 5, 3)
        else:
            assert "is not an ONNX file" in refused(path)


def test_shapes_of_shapes_are_known_without_recursion(tmp_path):
    network, _ = read_onnx(saved(tmp_path, shapes_of_shapes(3000)))
    assert not network.weights[0][0].any()


def test_a_files_own_loop_that_nobody_needs_is_not_run(tmp_path):
    """A loop without end beside the scores: whoever runs the whole file hangs."""

    def aside(made):
        made.graph.node.append(a_loop().graph.node[0])
        made.graph.initializer.extend(a_loop().graph.initializer[-3:])

    network, forward = read_onnx(saved(tmp_path, edited(dense_model(), aside)))
    assert forward(np.ones((2, network.sizes[0]), np.float32))[-1].shape == (2, 3)


def test_weights_beside_that_are_no_plain_files(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    os.symlink("circle", tmp_path / "circle")
    (tmp_path / "w.bin").write_bytes(bytes(120))
    for entries in (
        {"location": "pipe"},
        {"location": "circle"},
        {"location": "w.bin", "offset": "many"},
        {"location": "w.bin", "offset": "-4"},
        {"location": "w.bin", "offset": str(2**70)},
        {"location": "w.bin", "length": str(2**62)},
        {"location": "w.bin", "offset": "8"},
    ):
        refused(saved(tmp_path, external(**entries)))


def test_models_that_are_no_plain_files(tmp_path):
    os.mkfifo(tmp_path / "pipe.onnx")
    os.symlink("circle.onnx", tmp_path / "circle.onnx")
    os.symlink("/dev/zero", tmp_path / "zero.onnx")
    for name in ("pipe.onnx", "circle.onnx", "zero.onnx"):
        assert "cannot be read" in refused(tmp_path / name)


def test_reshape_is_what_onnx_says():
    assert reshaped((1, 4, 6), [0, -1], {}) == (1, 24)
    assert reshaped((1, 4, 6), [1, 2, 12], {}) == (1, 2, 12)
    for shape, settings in (([0, 5], {}), ([-1, -1], {}), ([0, 24], {"allowzero": 1}), ([1, -24], {}), ([1, 2], {})):
        with pytest.raises(ValueError, match="have no shape"):
            reshaped((1, 4, 6), shape, settings)


@pytest.mark.parametrize("n", [0, 1])
def test_numbers_too_large_are_named_by_file_and_layer_before_anything_is_kept(chipsim, here, data_file, tmp_path, n):
    def enlarge(made):
        tensor = made.graph.initializer[2 * n]
        array = numpy_helper.to_array(tensor)
        tensor.CopyFrom(numpy_helper.from_array(np.full_like(array, 3e38), tensor.name))

    path = saved(tmp_path, edited(dense_model(), enlarge))
    ended = chipsim("run", "--dataset", data_file, "--teacher", path, "--epochs", 1)
    assert ended.status == 2
    assert f"{path}: layer {n + 1}: its " in ended.err
    assert ended.err.count("\n") == 1
    assert list(here.iterdir()) == []


@pytest.mark.parametrize("what", ["domain", "op_type", "name"])
def test_names_that_are_no_text(tmp_path, what):
    """Protobuf hands them over as bytes."""
    made = dense_model()
    setattr(made.opset_import.add(version=1) if what == "domain" else made.graph.node[0], what, "mark-of-a-name")
    path = saved(tmp_path, made)
    path.write_bytes(path.read_bytes().replace(b"mark-of-a-name", b"mark-of-a-\xff\xfe\xfd\xfc"))
    assert "holds a name that is no text in UTF-8" in refused(path)
