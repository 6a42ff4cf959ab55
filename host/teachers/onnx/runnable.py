"""The model that onnxruntime is given: nodes that were read, constants in numbers, and nothing else of the file."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from host.teachers.onnx.constants import Constants
from host.teachers.onnx.session import data_inputs
from host.teachers.packages import optional

_MINE = "chipsim/"  # what values of ours are called; no exporter writes that


class Runnable:
    """Put together node by node, in their order."""

    def __init__(self, model: Any, constants: Constants) -> None:
        self._onnx = optional("onnx", "a teacher from an ONNX file")
        self._model, self._constants = model, constants
        self._nodes: list[Any] = []
        self._stored: dict[str, NDArray[Any]] = {}

    def add(self, node: Any) -> None:
        """A node of the model as it is, the inputs that do not depend on the data as numbers."""
        own = type(node)()
        own.CopyFrom(node)
        if node.op_type == "Dropout":  # which is one at inference, whatever its inputs say
            own = self._onnx.helper.make_node("Identity", node.input[:1], node.output[:1])
        for name in own.input:
            if name and not self._constants.depends_on_data(name):
                self._stored[name] = self._constants.value(name)
        self._nodes.append(own)

    def gemm(self, value: str, output: str, weights: NDArray[np.float32], bias: NDArray[np.float32]) -> None:
        """weights: (n_out, n_in)."""
        names = [f"{_MINE}{what}/{len(self._nodes)}" for what in ("weights", "bias")]
        self._stored |= dict(zip(names, (weights, bias), strict=True))
        self._nodes.append(self._onnx.helper.make_node("Gemm", [value, *names], [output], transB=1))

    def both_signs(self, value: str) -> str:
        """The value that holds -z and z of z (batch, 1)."""
        minus, both = (f"{_MINE}{what}/{len(self._nodes)}" for what in ("minus", "both"))
        self._nodes.append(self._onnx.helper.make_node("Neg", [value], [minus]))
        self._nodes.append(self._onnx.helper.make_node("Concat", [minus, value], [both], axis=1))
        return both

    def model(self, outputs: list[str]) -> Any:
        """An onnx.ModelProto that gives these values."""
        helper = self._onnx.helper
        stored = [
            self._onnx.numpy_helper.from_array(np.ascontiguousarray(array).reshape(array.shape), name)
            for name, array in self._stored.items()
        ]
        given = [helper.make_empty_tensor_value_info(name) for name in dict.fromkeys(outputs)]
        graph = helper.make_graph(self._nodes, "teacher", [data_inputs(self._model)[0]], given, stored)
        return helper.make_model(graph, opset_imports=self._model.opset_import, ir_version=self._model.ir_version)
