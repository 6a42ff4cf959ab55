"""What the values of an ONNX model are without any data: stored constants, and what listed operators make of them.

Nothing else is evaluated, and nothing is made that is larger than makes sense: a file is somebody else's program.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from host.errors import TeacherError
from host.teachers.onnx.tensors import Tensors
from host.teachers.packages import optional

Array = NDArray[Any]
_MOST_MADE = 2**24  # values that may be computed, of a whole model
_SHAPES = ("Shape", "Size")  # what they give is known without any data


class Constants:
    """Of one model. Shapes of values that depend on the data are known once they are put into `shapes`."""

    def __init__(self, model: Any, tensors: Tensors, source: str) -> None:
        self._onnx = optional("onnx", "a teacher from an ONNX file")
        self._source, self._tensors = source, tensors
        self.shapes: dict[str, tuple[int, ...]] = {}
        self._stored = {tensor.name: tensor for tensor in model.graph.initializer}
        self._made_by = {output: node for node in model.graph.node for output in node.output if output}
        self._known: dict[str, Array] = {}
        self._made = 0
        self._of_data = self._reached(model)

    def depends_on_data(self, name: str) -> bool:
        return name in self._of_data

    def value(self, name: str) -> Array:
        """The value of `name`, which must not depend on the data. Raises TeacherError."""
        todo, begun = [name], set[str]()  # begun: what waits for its inputs
        while todo:
            each = todo[-1]
            if each in self._known:
                todo.pop()
                continue
            if each in self._stored:
                self._known[each] = self._tensors.array(self._stored[each], each)
                continue
            node = self._made_by.get(each)
            if node is None or each in self._of_data:
                raise TeacherError(f"{self._source}: needs {each!r} as a constant, which it is not: export it again")
            needed = [one for one in node.input if one and one not in self._known]
            if node.op_type in _SHAPES:
                needed = [one for one in needed if one not in self.shapes]
            if not needed:
                self._known[each] = self._evaluated(node)
            elif each in begun:
                raise TeacherError(f"{self._source}: {each!r} is made of itself: export it again")
            else:
                begun.add(each)
                todo += needed
        return self._known[name]

    def _evaluated(self, node: Any) -> Array:
        name = f"{self._source}: {node.op_type} {node.name or node.output[0]!r}"
        make = _OPERATORS.get(node.op_type)
        if make is None or node.domain not in ("", "ai.onnx") or len(node.output) != 1:
            raise TeacherError(
                f"{name}: makes constants, and is none of the operators that are evaluated ({', '.join(_OPERATORS)}):"
                " export it with constants folded (do_constant_folding=True, or onnxsim)"
            )
        try:
            settings = {each.name: self._onnx.helper.get_attribute_value(each) for each in node.attribute}
            if node.op_type in _SHAPES:
                of = node.input[0]
                inputs: list[Any] = [self.shapes[of] if of in self.shapes else self._known[of].shape]
            else:
                inputs = [self._known[each] if each else None for each in node.input]
                if any(each is None for each in (inputs[:1] if node.op_type == "Slice" else inputs)):
                    raise ValueError("an input is missing")
            with np.errstate(all="ignore"):
                return np.asarray(make(_Making(self, name), inputs, settings))
        except TeacherError:
            raise
        except Exception as error:  # whatever numpy says of shapes and types that do not go together
            reason = " ".join(str(error).split())[:200] or type(error).__name__
            raise TeacherError(f"{name}: cannot be evaluated ({reason}): export it with constants folded") from None

    def _reached(self, model: Any) -> set[str]:
        """All values that depend on the data, and not on their shape alone."""
        users: dict[str, list[Any]] = {}
        for node in model.graph.node:
            if node.op_type not in _SHAPES:
                for name in dict.fromkeys(node.input):
                    users.setdefault(name, []).append(node)
        todo = [value.name for value in model.graph.input if value.name not in self._stored]
        found = set(todo)
        while todo:
            for node in users.get(todo.pop(), ()):
                new = [output for output in node.output if output not in found]
                found.update(new)
                todo += new
        return found

    def room(self, count: int, name: str) -> None:
        """Raises TeacherError if so many more values are too many."""
        self._made += count
        if self._made > _MOST_MADE:
            raise TeacherError(
                f"{name}: would make {count:,} values of a few; at most {_MOST_MADE:,} are computed of a model: export"
                " it with constants folded"
            )


class _Making:
    """What an operator's rule is given: how to make room, and tensors of attributes."""

    def __init__(self, constants: Constants, name: str) -> None:
        self._constants, self._name = constants, name

    def room(self, sides: Sequence[int]) -> tuple[int, ...]:
        """These sides, as ints. Raises TeacherError if there are too many values; ValueError if one is negative."""
        shape = tuple(int(side) for side in sides)
        if any(side < 0 for side in shape):
            raise ValueError(f"a shape {shape} with a negative side")
        count = 1
        for side in shape:
            count *= side
        self._constants.room(count, self._name)
        return shape

    def tensor(self, stored: Any) -> Array:
        """Of an attribute. Raises TeacherError; ValueError if the attribute is something else."""
        if not isinstance(stored, self._constants._onnx.TensorProto):
            raise ValueError("its value is no tensor")
        return self._constants._tensors.array(stored, stored.name or "value")

    def dtype(self, kind: int) -> Any:
        if kind not in self._constants._tensors._types:
            raise ValueError(f"data type {kind}")
        return self._constants._onnx.helper.tensor_dtype_to_np_dtype(kind)


def _constant(making: _Making, inputs: list[Any], settings: dict[str, Any]) -> Array:
    [(name, value)] = settings.items()
    if name == "value":
        return making.tensor(value)
    kinds = {"value_float": np.float32, "value_floats": np.float32, "value_int": np.int64, "value_ints": np.int64}
    return np.asarray(value, kinds[name])


def _cast(making: _Making, inputs: list[Any], settings: dict[str, Any]) -> Array:
    making.room(inputs[0].shape)
    return inputs[0].astype(making.dtype(settings["to"]))  # type: ignore[no-any-return]


def _elementwise(function: Callable[..., Any]) -> Callable[[_Making, list[Any], dict[str, Any]], Array]:
    def make(making: _Making, inputs: list[Any], settings: dict[str, Any]) -> Array:
        making.room(np.broadcast_shapes(*(each.shape for each in inputs)))
        if len({each.dtype for each in inputs}) > 1:
            raise ValueError(f"operands of types {', '.join(str(each.dtype) for each in inputs)}")
        return np.asarray(function(*inputs), inputs[0].dtype)

    return make


def _divided(a: Array, b: Array) -> Array:
    if np.issubdtype(a.dtype, np.integer):
        if (b == 0).any():
            raise ValueError("a division by 0")
        quotient: Array = np.abs(a) // np.abs(b) * np.sign(a) * np.sign(b)  # towards 0
        return quotient
    return a / b


def _reshape(making: _Making, inputs: list[Any], settings: dict[str, Any]) -> Array:
    return inputs[0].reshape(reshaped(inputs[0].shape, inputs[1], settings))  # type: ignore[no-any-return]


def reshaped(shape: tuple[int, ...], target: Array, settings: dict[str, Any]) -> tuple[int, ...]:
    """What Reshape makes of a shape: 0 keeps a side, -1 is what is left. Raises ValueError."""
    sides = [int(side) for side in np.asarray(target).ravel()]
    if not settings.get("allowzero", 0):
        sides = [shape[place] if side == 0 else side for place, side in enumerate(sides)]
    count, given = int(np.prod(shape, dtype=object)), int(np.prod([side for side in sides if side != -1], dtype=object))
    if sides.count(-1) == 1 and given > 0 and count % given == 0:
        sides[sides.index(-1)] = count // given
    if int(np.prod(sides, dtype=object)) != count or min(sides, default=1) < 0:
        raise ValueError(f"{count} values have no shape {sides}")
    return tuple(sides)


def _axes(inputs: list[Any], settings: dict[str, Any], place: int, name: str = "axes") -> tuple[int, ...] | None:
    given = inputs[place] if len(inputs) > place else settings.get(name)
    return None if given is None else tuple(int(axis) for axis in np.ravel(given))


def _squeeze(making: _Making, inputs: list[Any], settings: dict[str, Any]) -> Array:
    return np.squeeze(inputs[0], _axes(inputs, settings, 1))  # type: ignore[no-any-return]


def _unsqueeze(making: _Making, inputs: list[Any], settings: dict[str, Any]) -> Array:
    axes = _axes(inputs, settings, 1)
    if axes is None or len(axes) > 8:
        raise ValueError("no axes")
    return np.expand_dims(inputs[0], axes)


def _concat(making: _Making, inputs: list[Any], settings: dict[str, Any]) -> Array:
    making.room([sum(each.size for each in inputs)])
    return np.concatenate(inputs, settings["axis"])


def _gather(making: _Making, inputs: list[Any], settings: dict[str, Any]) -> Array:
    data, indices, axis = inputs[0], inputs[1], settings.get("axis", 0)
    making.room([indices.size, data.size // max(1, data.shape[axis])])
    return np.take(data, indices, axis)  # type: ignore[no-any-return]


def _slice(making: _Making, inputs: list[Any], settings: dict[str, Any]) -> Array:
    starts, ends = (_axes(inputs, settings, place, name) for place, name in ((1, "starts"), (2, "ends")))
    axes, steps = _axes(inputs, settings, 3), _axes(inputs, {}, 4)
    if starts is None or ends is None:
        raise ValueError("no starts or ends")
    index = [slice(None)] * inputs[0].ndim
    for number, (start, end) in enumerate(zip(starts, ends, strict=True)):
        step = steps[number] if steps else 1
        stop = None if step < 0 and end < -inputs[0].shape[axes[number] if axes else number] else end
        index[axes[number] if axes else number] = slice(start, stop, step)
    return inputs[0][tuple(index)]  # type: ignore[no-any-return]


def _shape(making: _Making, inputs: list[Any], settings: dict[str, Any]) -> Array:
    return np.asarray(inputs[0][settings.get("start", 0) : settings.get("end")], np.int64)


def _constant_of_shape(making: _Making, inputs: list[Any], settings: dict[str, Any]) -> Array:
    value = making.tensor(settings["value"]).ravel()[:1] if "value" in settings else np.zeros(1, np.float32)
    return np.broadcast_to(value, making.room(inputs[0].ravel())).copy()


def _expand(making: _Making, inputs: list[Any], settings: dict[str, Any]) -> Array:
    wanted = tuple(int(side) for side in inputs[1].ravel())
    return np.broadcast_to(inputs[0], making.room(np.broadcast_shapes(inputs[0].shape, wanted))).copy()


def _tile(making: _Making, inputs: list[Any], settings: dict[str, Any]) -> Array:
    repeats = [int(each) for each in inputs[1].ravel()]
    making.room([side * n for side, n in zip(inputs[0].shape, repeats, strict=True)])
    return np.tile(inputs[0], repeats)


_OPERATORS: dict[str, Callable[[_Making, list[Any], dict[str, Any]], Array]] = {
    "Constant": _constant,
    "Identity": lambda making, inputs, settings: inputs[0],
    "Cast": _cast,
    "Shape": _shape,
    "Size": lambda making, inputs, settings: np.asarray(np.prod(inputs[0], dtype=np.int64)),
    "Reshape": _reshape,
    "Transpose": lambda making, inputs, settings: np.transpose(inputs[0], settings.get("perm")),
    "Squeeze": _squeeze,
    "Unsqueeze": _unsqueeze,
    "Concat": _concat,
    "Gather": _gather,
    "Slice": _slice,
    "Add": _elementwise(np.add),
    "Sub": _elementwise(np.subtract),
    "Mul": _elementwise(np.multiply),
    "Div": _elementwise(_divided),
    "Neg": _elementwise(np.negative),
    "Sqrt": _elementwise(np.sqrt),
    "Reciprocal": _elementwise(np.reciprocal),
    "ConstantOfShape": _constant_of_shape,
    "Expand": _expand,
    "Tile": _tile,
}
