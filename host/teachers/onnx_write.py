"""Writes a network as an ONNX file of Conv, AveragePool, Flatten, Gemm and Relu nodes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from chipsim import __version__
from host.errors import TeacherError
from host.files import write_bytes
from host.network import AveragePool, Convolution, Dense, Network
from host.teachers.packages import optional

_OPSET = 17  # old enough for every runtime in use
_IR_VERSION = 8  # the one that came with it


def check_writable(path: Path) -> None:
    """Raises TeacherError if `write_onnx` could not write there: before hours of training, not after them."""
    optional("onnx", "writing an ONNX file")
    if path.suffix != ".onnx":
        raise TeacherError(f"--out {path} does not end in .onnx; write {path.with_suffix('.onnx')}")
    if path.is_dir() or not os.access(path.parent, os.W_OK | os.X_OK):
        raise TeacherError(f"--out {path} cannot be written: {path.parent} is no folder to write in; choose another")


def write_onnx(network: Network, path: Path) -> None:
    """Write `network`, input and output with a batch dimension of any size; the file is whole or as it was.

    Raises TeacherError without onnx or for layers that do not fit; OSError.
    """
    onnx = optional("onnx", "writing an ONNX file")
    helper, to_tensor = onnx.helper, onnx.numpy_helper.from_array
    shapes = network.shapes()
    nodes: list[Any] = []
    constants: list[Any] = []
    last = len(network.layers) - 1
    value = "input"

    def add(operator: str, name: str, extra: list[str], **attributes: Any) -> None:
        nonlocal value
        nodes.append(helper.make_node(operator, [value, *extra], [name], name=name, **attributes))
        value = name

    for number, layer in enumerate(network.layers):
        name = f"layer{number + 1}"
        if isinstance(layer, Dense | Convolution):
            weights = layer.weights if isinstance(layer, Dense) else layer.kernels
            constants += [to_tensor(weights, f"{name}.weight"), to_tensor(layer.bias, f"{name}.bias")]
            extra = [f"{name}.weight", f"{name}.bias"]
            if isinstance(layer, Dense):
                add("Gemm", name, extra)
            else:
                add("Conv", name, extra, strides=layer.stride, pads=layer.padding * 2)
            if number < last:
                add("Relu", f"{name}.relu", [])
        elif isinstance(layer, AveragePool):
            add("AveragePool", name, [], kernel_shape=layer.kernel, strides=layer.stride)
        else:
            add("Flatten", name, [])
    floats = onnx.TensorProto.FLOAT
    graph = helper.make_graph(
        nodes,
        "teacher",
        [helper.make_tensor_value_info("input", floats, ["batch", *network.input_shape])],
        [helper.make_tensor_value_info(value, floats, ["batch", *shapes[-1]])],
        constants,
    )
    model = helper.make_model(
        graph,
        opset_imports=[helper.make_opsetid("", _OPSET)],
        ir_version=_IR_VERSION,
        producer_name="chipsim",
        producer_version=__version__,
    )
    onnx.checker.check_model(model)
    write_bytes(path, model.SerializeToString())

