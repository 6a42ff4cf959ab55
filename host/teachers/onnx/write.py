"""Writes a network as an ONNX file of Conv, AveragePool, Flatten, Gemm, Relu and Clip nodes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from chipsim import __version__
from chipsim.design import AveragePool, Dense, Flatten
from host.errors import TeacherError
from host.files import write_bytes
from host.teachers.network import Network
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

    An image comes in channels first, a vector as it is. Raises TeacherError without onnx; OSError.
    """
    onnx = optional("onnx", "writing an ONNX file")
    helper, to_tensor = onnx.helper, onnx.numpy_helper.from_array
    nodes: list[Any] = []
    constants: list[Any] = []
    value = "input"

    def add(operator: str, name: str, parameters: dict[str, Any], **attributes: Any) -> None:
        nonlocal value
        constants.extend(to_tensor(np.asarray(array), f"{name}.{what}") for what, array in parameters.items())
        inputs = [value, *(f"{name}.{what}" for what in parameters)]
        nodes.append(helper.make_node(operator, inputs, [name], name=name, **attributes))
        value = name

    ceilings = network.ceilings or (None,) * len(network.shapes)
    synapses = zip(network.shapes, network.channels_first(), ceilings, strict=True)
    for number, layer in enumerate(network.layers, start=1):
        name = f"layer{number}"
        if isinstance(layer, Flatten):
            add("Flatten", name, {})
            continue
        shape, crossbar, ceiling = next(synapses)
        if isinstance(shape.layer, AveragePool):
            stride = shape.layer.stride or shape.layer.kernel
            add("AveragePool", name, {}, kernel_shape=shape.layer.kernel, strides=stride)
            continue
        assert crossbar is not None, "only pools have none"
        parameters = dict(zip(("weight", "bias"), crossbar, strict=True))
        if isinstance(shape.layer, Dense):
            add("Gemm", name, parameters, transB=1)
        else:
            add("Conv", name, parameters, strides=shape.layer.stride, pads=shape.layer.padding)
        if ceiling is not None:
            add("Clip", f"{name}.clip", {"low": np.float32(0), "ceiling": np.float32(ceiling)})
        elif number < len(network.layers):
            add("Relu", f"{name}.relu", {})
    flat = network.input_shape[1:] == (1, 1)
    input_shape = network.input_shape[:1] if flat else network.input_shape
    floats = onnx.TensorProto.FLOAT
    graph = helper.make_graph(
        nodes,
        "teacher",
        [helper.make_tensor_value_info("input", floats, ["batch", *input_shape])],
        [helper.make_tensor_value_info(value, floats, ["batch", network.sizes[-1]])],
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
