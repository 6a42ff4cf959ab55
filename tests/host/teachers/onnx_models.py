"""ONNX models made by hand."""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def rng_array(*shape, seed=0):
    return np.random.default_rng(seed).normal(0.1, 0.5, shape).astype(np.float32)


def model(nodes, constants=None, input_shape=("batch", 6), outputs=("y",), opset=17, ir_version=8):
    """nodes: (operator, inputs, output, attributes); the input is x, the output y."""
    made = [
        helper.make_node(operator, inputs.split(), [output], name=f"my_{operator.lower()}_{output}", **attributes)
        for operator, inputs, output, attributes in nodes
    ]
    graph = helper.make_graph(
        made,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, input_shape)],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, ("batch", "n")) for name in outputs],
        [numpy_helper.from_array(np.asarray(array), name) for name, array in (constants or {}).items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=ir_version)


def saved(tmp_path: Path, made) -> Path:
    path = tmp_path / "teacher.onnx"
    path.write_bytes(made.SerializeToString())
    return path


def dense_model(n_in=6, hidden=5, n_out=3, seed=0, **settings):
    nodes = [
        ("Gemm", "x w1 b1", "a", {}),
        ("Relu", "a", "r", {}),
        ("Gemm", "r w2 b2", "y", {}),
    ]
    constants = {
        "w1": rng_array(n_in, hidden, seed=seed),
        "b1": rng_array(hidden, seed=seed + 1),
        "w2": rng_array(hidden, n_out, seed=seed + 2),
        "b2": rng_array(n_out, seed=seed + 3),
    }
    return model(nodes, constants, input_shape=("batch", n_in), **settings)


def edited(made, change):
    other = onnx.ModelProto()
    other.CopyFrom(made)
    change(other)
    return other
