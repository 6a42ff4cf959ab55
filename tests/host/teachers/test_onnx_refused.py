"""ONNX files that are broken or no chip: one clear line each, which names the node and what would work."""

import numpy as np
import onnx
import pytest
from onnx_models import dense_model, edited, helper, model, rng_array, saved

from host.errors import TeacherError
from host.teachers.onnx.file import file_digest
from host.teachers.onnx.teacher import read_onnx

K, W = rng_array(4, 2, 3, 3), rng_array(6, 6)
IMAGE = ("batch", 2, 6, 6)


def refused(path):
    with pytest.raises(TeacherError) as error:
        read_onnx(path)
    message = str(error.value)
    assert str(path) in message
    assert "\n" not in message
    return message


CASES = {
    "unknown operator": (
        [("MaxPool", "x", "y", {"kernel_shape": [2, 2]})],
        {},
        IMAGE,
        ["MaxPool 'my_maxpool_y'", "AveragePool"],
    ),
    "no such activation": (
        [("Gemm", "x w", "a", {}), ("Sigmoid", "a", "r", {}), ("Gemm", "r w", "y", {})],
        {"w": W},
        ("n", 6),
        ["my_sigmoid_r", "use Relu"],
    ),
    "unheard-of operator": ([("Erf", "x", "y", {})], {}, ("n", 6), ["Erf", "a teacher may consist of Conv, Gemm"]),
    "recurrent": (
        [("Gemm", "x w", "a", {}), ("Relu", "a", "r", {}), ("Gemm", "r w", "b", {}), ("Add", "b x", "y", {})],
        {"w": W},
        ("n", 6),
        ["the result of the input goes on to", "neither branches nor shortcuts"],
    ),
    "two sums in a row": (
        [("Gemm", "x w", "a", {}), ("Gemm", "a w", "y", {})],
        {"w": W},
        ("n", 6),
        ["my_gemm_y", "with no rectifier between", "put a Relu right after"],
    ),
    "batch norm after the rectifier": (
        [("Gemm", "x w", "a", {}), ("Relu", "a", "r", {}), ("BatchNormalization", "r v v v v", "y", {})],
        {"w": W, "v": np.ones(6, np.float32)},
        ("n", 6),
        ["my_batchnormalization_y", "before the rectifier"],
    ),
    "negative variance": (
        [("Gemm", "x w", "a", {}), ("BatchNormalization", "a v v v m", "y", {})],
        {"w": W, "v": np.ones(6, np.float32), "m": -np.ones(6, np.float32)},
        ("n", 6),
        ["variance that is not above zero"],
    ),
    "NaN in a kernel": (
        [("Conv", "x k", "y", {})],
        {"k": np.where(K > 1, np.nan, K).astype(np.float32)},
        IMAGE,
        ["my_conv_y", "NaN"],
    ),
    "NaN that is added": (
        [("Gemm", "x w", "a", {}), ("Add", "a b", "y", {})],
        {"w": W, "b": np.full(6, np.nan, np.float32)},
        ("n", 6),
        ["my_add_y", "NaN"],
    ),
    "groups": ([("Conv", "x k", "y", {"group": 2})], {"k": rng_array(4, 1, 3, 3)}, IMAGE, ["2 groups", "group=1"]),
    "dilation": ([("Conv", "x k", "y", {"dilations": [2, 2]})], {"k": K}, IMAGE, ["dilated"]),
    "padding by itself": (
        [("Conv", "x k", "y", {"auto_pad": "SAME"})],
        {"k": K},
        IMAGE,
        ["pads by itself (SAME)", "pads in numbers"],
    ),
    "one dimension": ([("Conv", "x k", "y", {})], {"k": rng_array(4, 2, 3)}, ("n", 2, 6), ["1 dimensions"]),
    "padding beyond the kernel": (
        [("Conv", "x k", "y", {"pads": [3, 3, 3, 3]})],
        {"k": K},
        IMAGE,
        ["padding", "pad by less"],
    ),
    "padded pool": (
        [("AveragePool", "x", "y", {"kernel_shape": [2, 2], "pads": [1, 1, 1, 1]})],
        {},
        IMAGE,
        ["my_averagepool_y", "no padding"],
    ),
    "clip below zero": (
        [("Gemm", "x w", "a", {}), ("Clip", "a low high", "y", {})],
        {"w": W, "low": np.float32(-1), "high": np.float32(1)},
        ("n", 6),
        ["clips to -1 .. 1"],
    ),
    "reshape to an image": ([("Reshape", "x s", "y", {})], {"s": np.array([1, 6, 2, 6])}, IMAGE, ["only flattening"]),
    "ends with a convolution": (
        [("Conv", "x k", "y", {})],
        {"k": K},
        IMAGE,
        ["ends with convolution", "fully connected"],
    ),
    "an image into a matrix": ([("MatMul", "x w", "y", {})], {"w": W}, IMAGE, ["my_matmul_y", "Flatten"]),
    "dynamic width": (
        [("Conv", "x k", "y", {})],
        {"k": K},
        ("n", 2, 6, "width"),
        ["(batch, 2, 6, width)", "only the batch"],
    ),
    "fixed batch": ([("Gemm", "x w", "y", {})], {"w": W}, (64, 6), ["batches of 64 only", "dynamic batch"]),
    "five dimensions": ([("Flatten", "x", "y", {})], {}, ("n", 1, 2, 3, 4), ["neither a vector nor an image"]),
    "transposed input": ([("Gemm", "x w", "y", {"transA": 1})], {"w": W}, ("n", 6), ["transA=0"]),
}


@pytest.mark.parametrize("name", CASES)
def test_what_no_chip_has_is_refused_by_name(tmp_path, name):
    nodes, constants, shape, words = CASES[name]
    message = refused(saved(tmp_path, model(nodes, constants, shape)))
    for word in words:
        assert word in message


def test_a_file_that_is_not_there(tmp_path):
    assert "No such file" in refused(tmp_path / "absent.onnx")
    assert "name an .onnx or .nir file" in refused(tmp_path)


@pytest.mark.parametrize("keep", [0, 1, 10, 200, -1])
def test_a_truncated_file(tmp_path, keep):
    path = saved(tmp_path, dense_model())
    path.write_bytes(path.read_bytes()[:keep])
    refused(path)


def test_a_file_of_something_else(tmp_path):
    path = tmp_path / "text.onnx"
    path.write_text("not a network at all\n" * 30)
    assert "is not an ONNX file" in refused(path)


def test_a_newer_opset_and_ir_version(tmp_path):
    newest = onnx.defs.onnx_opset_version()
    message = refused(saved(tmp_path, dense_model(opset=newest + 1)))
    assert f"opset {newest + 1}" in message
    assert f"up to {newest}" in message
    assert f"IR version {onnx.IR_VERSION + 1}" in refused(saved(tmp_path, dense_model(ir_version=onnx.IR_VERSION + 1)))


def test_operators_of_another_domain(tmp_path):
    def rename(made):
        made.graph.node[1].domain = "com.example"
        made.opset_import.append(helper.make_opsetid("com.example", 1))

    assert "my_relu_r" in refused(saved(tmp_path, edited(dense_model(), rename)))


def test_two_inputs_and_two_outputs(tmp_path):
    two = [("Gemm", "x w", "a", {}), ("Add", "a z", "y", {})]
    made = edited(
        model(two, {"w": W}, ("n", 6)),
        lambda made: made.graph.input.append(helper.make_tensor_value_info("z", 1, ("n", 6))),
    )
    assert "2 inputs (x, z)" in refused(saved(tmp_path, made))
    made = model([("Gemm", "x w", "a", {}), ("Relu", "a", "y", {})], {"w": W}, ("n", 6), outputs=("a", "y"))
    assert "2 outputs (a, y)" in refused(saved(tmp_path, made))


def test_inputs_that_are_no_floats(tmp_path):
    def make_double(made):
        made.graph.input[0].type.tensor_type.elem_type = onnx.TensorProto.DOUBLE

    path = saved(tmp_path, edited(dense_model(), make_double))
    assert "float" in refused(path)


def external(path, location):
    """The model in `path` with its first weights in another file."""
    made = onnx.load(path)
    tensor = made.graph.initializer[0]
    content = tensor.raw_data
    tensor.ClearField("raw_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    del tensor.external_data[:]
    for key, value in (("location", location), ("length", str(len(content)))):
        tensor.external_data.add(key=key, value=value)
    path.write_bytes(made.SerializeToString())
    return content


def test_weights_in_a_file_beside_are_read_and_part_of_the_digest(tmp_path):
    path = saved(tmp_path, dense_model())
    inside, _ = read_onnx(path)
    content = external(path, "weights.bin")
    assert "weights.bin, which is not beside it" in refused(path)
    (tmp_path / "weights.bin").write_bytes(content)
    beside, _ = read_onnx(path)
    assert np.array_equal(inside.weights[0][0], beside.weights[0][0])
    digest = file_digest(path)
    (tmp_path / "weights.bin").write_bytes(bytes(4) + content[4:])
    assert file_digest(path) != digest
    (tmp_path / "weights.bin").write_bytes(content[:-4])
    refused(path)


@pytest.mark.parametrize("absolute", [False, True])
def test_weights_in_a_file_elsewhere_are_not_opened(tmp_path, absolute):
    (tmp_path / "inside").mkdir()
    path = saved(tmp_path / "inside", dense_model())
    outside = tmp_path / "secret.bin"
    outside.write_bytes(external(path, str(outside) if absolute else "../secret.bin"))
    assert "outside its own folder" in refused(path)


def test_weights_behind_a_link_elsewhere_are_not_opened(tmp_path):
    (tmp_path / "inside").mkdir()
    path = saved(tmp_path / "inside", dense_model())
    (tmp_path / "secret.bin").write_bytes(external(path, "link.bin"))
    (tmp_path / "inside" / "link.bin").symlink_to(tmp_path / "secret.bin")
    assert "outside its own folder" in refused(path)
