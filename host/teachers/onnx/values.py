"""What the values of an ONNX model are without any data: constants, also computed ones, and shapes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from host.teachers.onnx.session import Session, data_inputs
from host.teachers.packages import optional


class Values:
    """Of one model."""

    def __init__(self, model: Any, source: str) -> None:
        self._to_array = optional("onnx", "a teacher from an ONNX file").numpy_helper.to_array
        self._model, self._source = model, source
        self._stored = {tensor.name: tensor for tensor in model.graph.initializer}
        self._inputs = data_inputs(model)
        self._made_by = {output: node for node in model.graph.node for output in node.output}

    def depends_on_data(self, name: str) -> bool:
        inputs = {value.name for value in self._inputs}
        return any(each in inputs for each in self._ancestors(name))

    def constant(self, name: str) -> NDArray[Any]:
        """The value of `name`, which must not depend on the data."""
        if name in self._stored:
            return np.asarray(self._to_array(self._stored[name]))
        needed = self._ancestors(name)
        part = type(self._model)()
        part.CopyFrom(self._model)
        del part.graph.node[:], part.graph.input[:]
        part.graph.node.extend(node for node in self._model.graph.node if any(each in needed for each in node.output))
        [array] = Session(part, [name], self._source).once({})
        return array

    def shape(self, name: str, input_sides: tuple[int, ...]) -> tuple[int, ...]:
        """The shape of `name` for a batch of one; input_sides: of the input, without the batch."""
        [array] = Session(self._model, [name], self._source).run(np.zeros((1, *input_sides), np.float32))
        return array.shape

    def _ancestors(self, name: str) -> set[str]:
        """`name` and all values that it is made of."""
        seen, todo = set(), [name]
        while todo:
            each = todo.pop()
            if each not in seen:
                seen.add(each)
                todo += self._made_by[each].input if each in self._made_by else []
        return seen
