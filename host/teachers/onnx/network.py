"""Reads a feed-forward ONNX model as a network, node by node; what no chip has is refused by its name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from host.errors import TeacherError
from host.teachers.assembly import Assembly
from host.teachers.network import ImageShape, Network
from host.teachers.onnx.session import data_inputs
from host.teachers.onnx.values import Values
from host.teachers.packages import optional

_USABLE = (
    "Conv, Gemm, MatMul, Add, BatchNormalization, Relu, Clip, AveragePool, GlobalAveragePool, Flatten, Reshape,"
    " Dropout, Identity"
)
_INSTEAD = {
    "MaxPool": "use AveragePool or a Conv with strides of 2 instead",
    "GlobalMaxPool": "use GlobalAveragePool instead",
    "Sigmoid": "use Relu instead: a firing rate is a rectified value",
    "Tanh": "use Relu instead: a firing rate is a rectified value",
    "LeakyRelu": "use Relu instead: a firing rate cannot be negative",
    "Sub": "leave scaling of the inputs to the data: the chip's inputs are from 0 to 1",
    "Div": "leave scaling of the inputs to the data: the chip's inputs are from 0 to 1",
    "Mul": "leave scaling of the inputs to the data: the chip's inputs are from 0 to 1",
    "Transpose": "export the network channels first, as PyTorch does",
    "LSTM": "chips here are feed-forward",
    "GRU": "chips here are feed-forward",
    "RNN": "chips here are feed-forward",
    "Concat": "chips here are a chain of layers",
}


def read_network(model: Any, source: str) -> tuple[Network, list[str]]:
    """The network, and per layer of synapses the name of the value that holds its activations.

    model: an onnx.ModelProto; source: what it is called in errors. Raises TeacherError.
    """
    reader = _Reader(model, source)
    with np.errstate(all="ignore"):  # what is not finite is refused, by the node's name
        for node in _chain(model, source):
            reader.take(node)
    network = reader.assembly.finished(source)
    return network, reader.assembly.taps


def input_sides(model: Any, source: str) -> tuple[int, ...]:
    """The shape of the only input, without its batch. Raises TeacherError."""
    inputs = data_inputs(model)
    if len(inputs) != 1:
        names = ", ".join(value.name for value in inputs) or "none"
        raise TeacherError(f"{source}: has {len(inputs)} inputs ({names}); a teacher has one")
    tensor = inputs[0].type.tensor_type
    if tensor.elem_type != 1:  # onnx.TensorProto.FLOAT
        raise TeacherError(f"{source}: input {inputs[0].name} is not of 32-bit floats: export the network in float32")
    batch, *sides = tensor.shape.dim or [None]
    if batch is None or not sides or not all(side.HasField("dim_value") and side.dim_value > 0 for side in sides):
        text = ", ".join(str(side.dim_value) if side.HasField("dim_value") else side.dim_param or "?" for side in sides)
        raise TeacherError(
            f"{source}: input {inputs[0].name} has shape (batch, {text}), but a chip is of one size: export it with"
            " fixed sizes, only the batch may be dynamic"
        )
    if batch.HasField("dim_value") and batch.dim_value != 1:
        raise TeacherError(
            f"{source}: input {inputs[0].name} takes batches of {batch.dim_value} only: export it with a dynamic batch"
            " or a batch of 1"
        )
    shape = tuple(side.dim_value for side in sides)
    if len(shape) > 3:
        raise TeacherError(f"{source}: input {inputs[0].name} of shape {shape} is neither a vector nor an image")
    return shape


def image_shape(sides: tuple[int, ...]) -> ImageShape:
    """Channels, height, width of an input of these sides; (n, 1, 1) of a vector."""
    channels, height, width = {1: (*sides, 1, 1), 2: (1, *sides), 3: sides}[len(sides)]
    return channels, height, width


def _chain(model: Any, source: str) -> list[Any]:
    """The nodes that the input's values pass through, in order. Raises TeacherError if they are no chain."""
    graph = model.graph
    users: dict[str, list[Any]] = {}
    for node in graph.node:
        for name in dict.fromkeys(node.input):
            users.setdefault(name, []).append(node)
    if len(graph.output) != 1:
        names = ", ".join(value.name for value in graph.output)
        raise TeacherError(f"{source}: has {len(graph.output)} outputs ({names}); a teacher has one, the logits")
    value = data_inputs(model)[0].name
    chain: list[Any] = []
    while value != graph.output[0].name:
        following = [node for node in users.get(value, []) if node.op_type not in ("Shape", "Size")]
        if len(following) != 1:
            last = _name(chain[-1]) if chain else "the input"
            what = f"goes on to {', '.join(map(_name, following))}" if following else "goes nowhere"
            raise TeacherError(
                f"{source}: the result of {last} {what}: chips here are one chain of layers, with neither branches nor"
                " shortcuts"
            )
        chain.append(following[0])
        value = following[0].output[0]
    return chain


def _name(node: Any) -> str:
    return f"{node.op_type} {node.name or node.output[0]!r}"


class _Reader:
    """Takes nodes one after another into an assembly."""

    def __init__(self, model: Any, source: str) -> None:
        self._onnx = optional("onnx", "a teacher from an ONNX file")
        self._source = source
        self._values = Values(model, source)
        self._sides = input_sides(model, source)
        self._last_output = model.graph.output[0].name
        self.assembly = Assembly(image_shape(self._sides))

    def take(self, node: Any) -> None:
        """Raises TeacherError."""
        takers: dict[str, Callable[[Any, str, str], None]] = {
            "Conv": self._conv,
            "Gemm": self._gemm,
            "MatMul": self._matmul,
            "Add": self._add,
            "BatchNormalization": self._batch_norm,
            "Relu": lambda node, name, tap: self.assembly.rectifier(tap),
            "Clip": self._clip,
            "AveragePool": self._pool,
            "GlobalAveragePool": lambda node, name, tap: self.assembly.global_pool(name, tap),
            "Flatten": self._flatten,
            "Reshape": self._reshape,
            "Dropout": lambda node, name, tap: None,
            "Identity": lambda node, name, tap: None,
            "Softmax": self._softmax,
            "LogSoftmax": self._softmax,
        }
        name = f"{self._source}: {_name(node)}"
        if node.op_type not in takers or node.domain not in ("", "ai.onnx"):
            instead = _INSTEAD.get(node.op_type, f"a teacher may consist of {_USABLE}")
            raise TeacherError(f"{name}: no chip here does this: {instead}")
        takers[node.op_type](node, name, node.output[0])

    def _constant(self, node: Any, position: int, name: str) -> NDArray[np.float32] | None:
        """An input that is the same for all samples; None if the node has no such input. Raises TeacherError."""
        if position >= len(node.input) or not node.input[position]:
            return None
        if self._values.depends_on_data(node.input[position]):
            raise TeacherError(f"{name}: all of its inputs depend on the data; its weights must be constants")
        return np.ascontiguousarray(self._values.constant(node.input[position]), np.float32)

    def _weights(self, node: Any, position: int, name: str) -> NDArray[np.float32]:
        array = self._constant(node, position, name)
        if array is None:
            raise TeacherError(f"{name}: has no weights")
        return array

    def _conv(self, node: Any, name: str, tap: str) -> None:
        kernels, bias = self._weights(node, 1, name), self._constant(node, 2, name)
        settings = self._attributes(node)
        if kernels.ndim != 4:
            raise TeacherError(f"{name}: convolves in {kernels.ndim - 2} dimensions; chips here do in two")
        if settings.get("group", 1) != 1:
            raise TeacherError(
                f"{name}: works in {settings['group']} groups; chips here have plain convolutions, group=1"
            )
        self._plain(settings, name)
        strides, pads = settings.get("strides", (1, 1)), settings.get("pads", (0, 0, 0, 0))
        bias = np.zeros(len(kernels), np.float32) if bias is None else bias
        self.assembly.convolution(kernels, bias, tuple(strides), tuple(pads), name, tap)

    def _gemm(self, node: Any, name: str, tap: str) -> None:
        settings = self._attributes(node)
        if settings.get("transA", 0):
            raise TeacherError(f"{name}: transposes its input (transA=1); export it with transA=0")
        weights, bias = self._weights(node, 1, name), self._constant(node, 2, name)
        weights = weights if settings.get("transB", 0) else weights.T
        shift = np.zeros(1, np.float32) if bias is None else np.float32(settings.get("beta", 1.0)) * bias.reshape(-1)
        if len(shift) not in (1, len(weights)):
            raise TeacherError(f"{name}: its bias has {len(shift)} values for {len(weights)} outputs")
        gain = np.float32(settings.get("alpha", 1.0))
        self.assembly.dense(gain * weights, np.broadcast_to(shift, len(weights)).copy(), name, tap)

    def _matmul(self, node: Any, name: str, tap: str) -> None:
        weights = self._weights(node, 1, name)
        if weights.ndim != 2:
            raise TeacherError(f"{name}: multiplies by an array of {weights.ndim} dimensions; it must be a matrix")
        self.assembly.dense(weights.T, np.zeros(weights.shape[1], np.float32), name, tap)

    def _add(self, node: Any, name: str, tap: str) -> None:
        other = 1 if self._values.depends_on_data(node.input[0]) else 0
        self.assembly.add(self._weights(node, other, name), name, tap)

    def _batch_norm(self, node: Any, name: str, tap: str) -> None:
        if self._attributes(node).get("training_mode", 0):
            raise TeacherError(f"{name}: is in training mode: export the network for inference (module.eval())")
        names = ("scale", "shift", "mean", "variance")
        statistics = {what: self._weights(node, place, name) for place, what in enumerate(names, start=1)}
        self.assembly.batch_norm(statistics, self._attributes(node).get("epsilon", 1e-5), name, tap)

    def _clip(self, node: Any, name: str, tap: str) -> None:
        settings = self._attributes(node)  # where old opsets have the bounds
        low, high = self._constant(node, 1, name), self._constant(node, 2, name)
        lowest = float(settings.get("min", -np.inf) if low is None else low.item())
        highest = float(settings.get("max", np.inf) if high is None else high.item())
        if lowest != 0 or not highest > 0:
            raise TeacherError(f"{name}: clips to {lowest:g} .. {highest:g}; neurons rectify: clip to 0 .. a ceiling")
        self.assembly.clip(highest, name, tap)

    def _pool(self, node: Any, name: str, tap: str) -> None:
        settings = self._attributes(node)
        self._plain(settings, name)
        kernel = tuple(settings["kernel_shape"])
        if len(kernel) != 2 or any(settings.get("pads", ())) or settings.get("ceil_mode", 0):
            raise TeacherError(f"{name}: chips here average whole kernels of an image: no padding, no ceil_mode")
        self.assembly.pool(kernel, tuple(settings.get("strides", (1, 1))), name, tap)

    def _flatten(self, node: Any, name: str, tap: str) -> None:
        axis = self._attributes(node).get("axis", 1)
        if axis != 1:
            raise TeacherError(f"{name}: flattens from axis {axis}; it must keep the batch alone: axis=1")
        self.assembly.flatten(name)

    def _reshape(self, node: Any, name: str, tap: str) -> None:
        shaped = self._values.shape(tap, self._sides)
        if len(shaped) != 2:
            raise TeacherError(f"{name}: reshapes to {shaped}; only flattening is possible, to (batch, values)")
        self.assembly.flatten(name)

    def _softmax(self, node: Any, name: str, tap: str) -> None:
        if tap != self._last_output:
            raise TeacherError(f"{name}: a softmax may only come last: leave it out")

    def _plain(self, settings: dict[str, Any], name: str) -> None:
        if any(side != 1 for side in settings.get("dilations", ())):
            raise TeacherError(f"{name}: is dilated ({settings['dilations']}); chips here have kernels without gaps")
        if settings.get("auto_pad", b"NOTSET") not in (b"NOTSET", b"VALID"):
            raise TeacherError(
                f"{name}: pads by itself ({settings['auto_pad'].decode()}): export it with pads in numbers"
            )

    def _attributes(self, node: Any) -> dict[str, Any]:
        return {each.name: self._onnx.helper.get_attribute_value(each) for each in node.attribute}
