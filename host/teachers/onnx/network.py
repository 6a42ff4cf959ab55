"""Reads a feed-forward ONNX model as a network, node by node; what no chip has is refused by its name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from host.errors import TeacherError
from host.teachers.assembly import Assembly
from host.teachers.fidelity import Fidelity
from host.teachers.network import Network
from host.teachers.onnx.chain import chain_of, input_sides, name_of
from host.teachers.onnx.constants import Constants, reshaped
from host.teachers.onnx.layout import Feed, Layout
from host.teachers.onnx.padding import pads_of, plain
from host.teachers.onnx.runnable import Runnable
from host.teachers.onnx.session import data_inputs
from host.teachers.onnx.tensors import Tensors
from host.teachers.packages import optional

_USABLE = (
    "Conv, Gemm, MatMul, Add, Sub, Mul, Div, BatchNormalization, Relu, Clip, AveragePool, GlobalAveragePool,"
    " ReduceMean, Flatten, Reshape, Transpose, Squeeze, Dropout, Identity"
)
_INSTEAD = {
    "MaxPool": "use AveragePool or a Conv with strides of 2 instead",
    "GlobalMaxPool": "use GlobalAveragePool instead",
    "Sigmoid": "use Relu instead: a firing rate is a rectified value",
    "Tanh": "use Relu instead: a firing rate is a rectified value",
    "LeakyRelu": "use Relu instead: a firing rate cannot be negative",
    "Normalizer": "normalise the data instead: this divides each sample by its own length",
    "TreeEnsembleClassifier": "chips have layers, not trees: train a network, such as MLPClassifier",
    "SVMClassifier": "chips have layers, not kernels: use LinearSVC or MLPClassifier",
    "LSTM": "chips here are feed-forward",
    "GRU": "chips here are feed-forward",
    "RNN": "chips here are feed-forward",
    "Loop": "chips here are feed-forward",
    "Scan": "chips here are feed-forward",
    "If": "chips here are a chain of layers, the same for all inputs",
    "Concat": "chips here are a chain of layers",
}
_SILENT = ("Identity", "Dropout", "Cast")
_KEEP_ORDER = ("Softmax", "LogSoftmax", "Sigmoid", "Normalizer")  # of the scores: who is largest stays so
_FLOAT = 1  # onnx.TensorProto.FLOAT


@dataclass(frozen=True)
class ReadNetwork:
    """What a model's nodes become, and the model that gives its activations."""

    network: Network
    taps: list[str]  # per layer of synapses, the value that holds its activations
    feed: Feed
    runnable: Any  # an onnx.ModelProto of the nodes that were read, and no others
    fidelity: Fidelity


def read_network(model: Any, path: Path) -> ReadNetwork:
    """model: an onnx.ModelProto; path: its file, beside which weights may lie. Raises TeacherError."""
    reader = _Reader(model, path)
    with np.errstate(all="ignore"):  # what is not finite is refused, by the node's name
        return reader.read()


class _Reader:
    """Takes nodes one after another into an assembly."""

    def __init__(self, model: Any, path: Path) -> None:
        self._onnx = optional("onnx", "a teacher from an ONNX file")
        self._model, self._source = model, str(path)
        sides = input_sides(model, self._source)
        self._chain = chain_of(model, self._source)
        self._constants = Constants(model, Tensors(path), self._source)
        self._runnable = Runnable(model, self._constants)
        self._notes = list(self._chain.notes)
        self._layout = Layout.of_input(sides, self._chain.nodes)
        self._feed = Feed(sides, self._layout.last, self._layout.image)
        self._following: list[Any] = []  # the nodes after the one that is taken
        self._ended = False  # whether what follows only makes the scores look otherwise
        self._assembly = Assembly(self._layout.image)
        self._checker = self._onnx.checker.C.CheckerContext()
        self._checker.ir_version = model.ir_version
        self._checker.opset_imports = {each.domain: each.version for each in model.opset_import}

    def read(self) -> ReadNetwork:
        value = data_inputs(self._model)[0].name
        for number, node in enumerate(self._chain.nodes):
            self._constants.shapes[value] = (1, *self._layout.sides)
            value, self._following = self._chain.values[number], self._chain.nodes[number + 1 :]
            self._take(node, value)
        if self._chain.two_classes:
            self._two_classes()
        network = self._assembly.finished(self._source)
        fidelity = Fidelity(notes=(*self._assembly.notes, *self._notes))
        taps = self._assembly.taps
        return ReadNetwork(network, taps, self._feed, self._runnable.model(taps), fidelity)

    def _take(self, node: Any, value: str) -> None:
        """value: what the node gives to the next one. Raises TeacherError."""
        takers: dict[str, Callable[[Any, str, str], None]] = {
            "Conv": self._conv,
            "Gemm": self._gemm,
            "MatMul": self._matmul,
            "Add": self._add,
            "Sub": self._sub,
            "Mul": self._mul,
            "Div": self._div,
            "BatchNormalization": self._batch_norm,
            "Relu": lambda node, name, tap: self._assembly.rectifier(name, tap),
            "Clip": self._clip,
            "AveragePool": self._pool,
            "GlobalAveragePool": self._global_pool,
            "ReduceMean": self._mean,
            "Flatten": self._flatten,
            "Reshape": self._reshape,
            "Squeeze": self._squeeze,
            "Unsqueeze": self._squeeze,
            "Transpose": self._transpose,
            "Dropout": lambda node, name, tap: None,
            "Identity": lambda node, name, tap: None,
            "Cast": self._cast,
            "ai.onnx.ml/Scaler": self._scaler,
            "ai.onnx.ml/LinearClassifier": self._linear_classifier,
        }
        name = f"{self._source}: {name_of(node)}"
        kind = node.op_type if node.domain in ("", "ai.onnx") else f"{node.domain}/{node.op_type}"
        if node.op_type in _KEEP_ORDER and all(each.op_type in (*_KEEP_ORDER, *_SILENT) for each in self._following):
            self._notes.append(f"{name_of(node)} at the end is left out: it changes no order of the scores")
            self._ended = True
        if self._ended:
            return
        if kind not in takers:
            instead = _INSTEAD.get(node.op_type, f"a teacher may consist of {_USABLE}")
            raise TeacherError(f"{name}: no chip here does this: {instead}")
        self._check(node, name)
        takers[kind](node, name, value)
        if kind != "ai.onnx.ml/LinearClassifier":
            self._runnable.add(node)

    def _check(self, node: Any, name: str) -> None:
        """Raises TeacherError if the node has not the attributes and inputs that its operator has."""
        try:
            self._onnx.checker.check_node(node, self._checker)
        except Exception as error:  # the checker raises whatever its C++ raises
            raise TeacherError(
                f"{name}: is not as its operator is defined ({_brief(error)}); export it again"
            ) from None

    def _constant(self, node: Any, position: int, name: str) -> NDArray[np.float32] | None:
        """An input that is the same for all samples; None if the node has no such input. Raises TeacherError."""
        if position >= len(node.input) or not node.input[position]:
            return None
        if self._constants.depends_on_data(node.input[position]):
            raise TeacherError(f"{name}: all of its inputs depend on the data; its weights must be constants")
        return np.ascontiguousarray(self._constants.value(node.input[position]), np.float32)

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
        plain(settings, name)
        sides = self._layout.channels_first(name)
        strides = tuple(settings.get("strides", (1, 1)))
        pads = pads_of(settings, kernels.shape[2:], strides, sides[1:], name)
        bias = np.zeros(len(kernels), np.float32) if bias is None else bias
        self._assembly.convolution(kernels, bias, strides, pads, name, tap)
        self._layout = Layout(self._assembly.shape)

    def _gemm(self, node: Any, name: str, tap: str) -> None:
        settings = self._attributes(node)
        if settings.get("transA", 0):
            raise TeacherError(f"{name}: transposes its input (transA=1); export it with transA=0")
        weights, bias = self._weights(node, 1, name), self._constant(node, 2, name)
        weights = weights if settings.get("transB", 0) else weights.T
        shift = np.zeros(1, np.float32) if bias is None else np.float32(settings.get("beta", 1.0)) * bias.reshape(-1)
        if weights.ndim != 2 or shift.size not in (1, len(weights)):
            raise TeacherError(f"{name}: has weights {weights.shape} and {shift.size} biases; there is one per output")
        weights = np.float32(settings.get("alpha", 1.0)) * weights
        self._dense(weights, np.broadcast_to(shift, len(weights)), name, tap)

    def _matmul(self, node: Any, name: str, tap: str) -> None:
        weights = self._weights(node, 1, name)
        if weights.ndim != 2:
            raise TeacherError(f"{name}: multiplies by an array of {weights.ndim} dimensions; it must be a matrix")
        self._dense(weights.T, np.zeros(weights.shape[1], np.float32), name, tap)

    def _dense(self, weights: NDArray[np.float32], bias: NDArray[np.float32], name: str, tap: str) -> None:
        if len(self._layout.sides) != 1:
            raise TeacherError(f"{name}: takes a vector, but gets {self._layout.text()}: put a Flatten before it")
        self._assembly.dense(np.ascontiguousarray(weights), np.ascontiguousarray(bias), name, tap)
        self._layout = Layout((len(bias),))

    def _operand(self, node: Any, name: str) -> tuple[NDArray[np.float32], int]:
        """The constant of an operator on two values, as it meets the others, and its place. Raises TeacherError."""
        place = 1 if self._constants.depends_on_data(node.input[0]) else 0
        return self._layout.broadcast(self._weights(node, place, name), name), place

    def _add(self, node: Any, name: str, tap: str) -> None:
        self._assembly.affine(1.0, self._operand(node, name)[0], name, tap)

    def _sub(self, node: Any, name: str, tap: str) -> None:
        values, place = self._operand(node, name)
        sign = 1.0 if place == 1 else -1.0  # a constant less the values turns them round
        self._assembly.affine(sign, -sign * values, name, tap)

    def _mul(self, node: Any, name: str, tap: str) -> None:
        self._assembly.affine(self._operand(node, name)[0], 0.0, name, tap)

    def _div(self, node: Any, name: str, tap: str) -> None:
        values, place = self._operand(node, name)
        if place == 0:
            raise TeacherError(f"{name}: divides a constant by the values; chips here add and multiply only")
        self._assembly.affine(1 / values.astype(np.float64), 0.0, name, tap)

    def _batch_norm(self, node: Any, name: str, tap: str) -> None:
        if self._attributes(node).get("training_mode", 0):
            raise TeacherError(f"{name}: is in training mode: export the network for inference (module.eval())")
        names = ("scale", "shift", "mean", "variance")
        statistics = {what: self._weights(node, place, name) for place, what in enumerate(names, start=1)}
        if len(self._layout.sides) != 1:
            self._layout.channels_first(name)
        self._assembly.batch_norm(statistics, self._attributes(node).get("epsilon", 1e-5), name, tap)

    def _clip(self, node: Any, name: str, tap: str) -> None:
        settings = self._attributes(node)  # where old opsets have the bounds
        low, high = self._constant(node, 1, name), self._constant(node, 2, name)
        if any(bound is not None and bound.size != 1 for bound in (low, high)):
            raise TeacherError(f"{name}: clips to bounds that differ; one each is for all values")
        lowest = float(settings.get("min", -np.inf) if low is None else low.item())
        highest = float(settings.get("max", np.inf) if high is None else high.item())
        if lowest != 0 or not highest > 0:
            raise TeacherError(f"{name}: clips to {lowest:g} .. {highest:g}; neurons rectify: clip to 0 .. a ceiling")
        self._assembly.clip(highest, name, tap)

    def _pool(self, node: Any, name: str, tap: str) -> None:
        settings = self._attributes(node)
        plain(settings, name)
        kernel, strides = tuple(settings["kernel_shape"]), tuple(settings.get("strides", (1, 1)))
        sides = self._layout.channels_first(name)
        if any(pads_of(settings, kernel, strides, sides[1:], name)) or settings.get("ceil_mode", 0):
            raise TeacherError(f"{name}: chips here average whole kernels of an image: no padding, no ceil_mode")
        self._assembly.pool(kernel, strides, name, tap)
        self._layout = Layout(self._assembly.shape)

    def _global_pool(self, node: Any, name: str, tap: str) -> None:
        self._layout.channels_first(name)
        self._assembly.global_pool(name, tap)
        self._layout = Layout(self._assembly.shape)

    def _mean(self, node: Any, name: str, tap: str) -> None:
        """Over all positions of an image: a global average."""
        settings = self._attributes(node)
        given = self._constants.value(node.input[1]) if len(node.input) > 1 else settings.get("axes", ())
        sides = self._layout.channels_first(name)
        if sorted(int(axis) % 4 for axis in np.ravel(given)) != [2, 3]:
            raise TeacherError(
                f"{name}: averages over axes {np.ravel(given).tolist()[:8]}, not over an image's: 2 and 3"
            )
        self._assembly.global_pool(name, tap)
        if settings.get("keepdims", 1):
            self._layout = Layout(self._assembly.shape)
        else:
            self._assembly.flatten(name)
            self._layout = Layout(sides[:1])

    def _flatten(self, node: Any, name: str, tap: str) -> None:
        axis = self._attributes(node).get("axis", 1)
        if axis != 1 and axis != -len(self._layout.sides):
            raise TeacherError(f"{name}: flattens from axis {axis}; it must keep the batch alone: axis=1")
        self._reshaped((1, int(np.prod(self._layout.sides))), name)

    def _reshape(self, node: Any, name: str, tap: str) -> None:
        target = self._constants.value(node.input[1]) if len(node.input) > 1 else self._attributes(node)["shape"]
        try:
            shape = reshaped((1, *self._layout.sides), np.asarray(target), self._attributes(node))
        except (ValueError, IndexError) as error:
            raise TeacherError(f"{name}: cannot reshape {(1, *self._layout.sides)}: {error}") from None
        self._reshaped(shape, name)

    def _squeeze(self, node: Any, name: str, tap: str) -> None:
        given = self._constants.value(node.input[1]) if len(node.input) > 1 else self._attributes(node).get("axes")
        shape = np.broadcast_to(np.float32(0), (1, *self._layout.sides))
        try:
            axes = None if given is None else tuple(int(axis) for axis in np.ravel(given))
            changed = np.squeeze(shape, axes) if node.op_type == "Squeeze" else np.expand_dims(shape, axes or ())
        except ValueError as error:
            raise TeacherError(f"{name}: cannot change {shape.shape}: {error}") from None
        if axes is None:
            raise TeacherError(f"{name}: changes the batch: name the other axes")
        self._reshaped(changed.shape, name)

    def _reshaped(self, shape: tuple[int, ...], name: str) -> None:
        """shape: of a batch of one."""
        now, sides = self._layout, shape[1:]
        if shape[:1] != (1,):
            raise TeacherError(f"{name}: reshapes to {shape}; only flattening is possible, to (batch, values)")
        if len(sides) == 1 and int(np.prod(now.sides)) == sides[0]:
            self._assembly.flatten(name, "last" if now.last else "first")
            self._layout = Layout(sides)
        elif (alike := now.regrouped(sides)) is not None:
            self._layout = alike
        elif not self._assembly.begun and (image := now.unrolled(sides, self._following)) is not None:
            self._layout, self._feed = image, Feed(self._feed.sides, image.last, image.image)
            self._assembly = Assembly(image.image)
        else:
            raise TeacherError(f"{name}: reshapes to {shape}; only flattening is possible, to (batch, values)")

    def _transpose(self, node: Any, name: str, tap: str) -> None:
        turned = self._layout.transposed(tuple(self._attributes(node).get("perm", ())))
        if turned is None or self._assembly.is_open:
            raise TeacherError(
                f"{name}: moves axes in a way that no chip does: export the network channels first, as PyTorch does"
            )
        self._layout = turned

    def _cast(self, node: Any, name: str, tap: str) -> None:
        if self._attributes(node)["to"] != _FLOAT:
            raise TeacherError(f"{name}: makes other numbers than 32-bit floats of the values: export it in float32")

    def _scaler(self, node: Any, name: str, tap: str) -> None:
        settings = self._attributes(node)
        offset, scale = (
            np.asarray(settings.get(key, [neutral]), np.float64) for key, neutral in (("offset", 0.0), ("scale", 1.0))
        )
        n = self._layout.sides[0]
        if len(self._layout.sides) != 1 or not {offset.size, scale.size} <= {1, n}:
            raise TeacherError(f"{name}: has {offset.size} offsets and {scale.size} scales for {self._layout.text()}")
        self._assembly.affine(scale.reshape(-1, 1, 1), (-offset * scale).reshape(-1, 1, 1), name, tap)

    def _linear_classifier(self, node: Any, name: str, tap: str) -> None:
        """Of scikit-learn's linear models: a layer whose scores are its sums."""
        settings = self._attributes(node)
        after = settings.get("post_transform", b"NONE")
        if after not in (b"NONE", b"SOFTMAX", b"LOGISTIC", b"SOFTMAX_ZERO"):
            raise TeacherError(f"{name}: ends with {after!r}; only what keeps the order of the scores can be left out")
        n_in = self._layout.sides[0]
        coefficients = np.asarray(settings.get("coefficients", ()), np.float32)
        if len(self._layout.sides) != 1 or coefficients.size % n_in or not coefficients.size:
            raise TeacherError(f"{name}: has {coefficients.size} coefficients for {self._layout.text()}")
        weights = coefficients.reshape(-1, n_in)
        bias = np.zeros(len(weights), np.float32)
        if "intercepts" in settings:
            bias = np.asarray(settings["intercepts"], np.float32)
        self._dense(weights, bias, name, tap)
        self._runnable.gemm(node.input[0], tap, weights, bias)
        if after != b"NONE":
            self._notes.append(f"{name_of(node)}: its {after.decode()} is left out: it changes no order of the scores")
        labels = max(len(settings.get(key, ())) for key in ("classlabels_ints", "classlabels_strings"))
        if (labels, len(weights)) == (2, 1):
            self._two_classes()

    def _two_classes(self) -> None:
        """One score z stands for two: -z and z."""
        self._assembly.two_classes(self._source)
        self._assembly.taps[-1] = self._runnable.both_signs(self._assembly.taps[-1])
        self._notes.append("one score z for two classes: outputs -z and z here")

    def _attributes(self, node: Any) -> dict[str, Any]:
        return {each.name: self._onnx.helper.get_attribute_value(each) for each in node.attribute}


def _brief(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0][:200] if lines else type(error).__name__
