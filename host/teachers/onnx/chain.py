"""Which of a model's nodes make the scores, in their order; models that are no chain are refused.

A classifier of scikit-learn, written by skl2onnx, gives labels, too, and its scores as probabilities or as maps from
labels to them: the scores are what is followed, and what turns them into labels is left out.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from host.errors import TeacherError
from host.teachers.network import ImageShape
from host.teachers.onnx.session import data_inputs

_FLOAT = 1  # onnx.TensorProto.FLOAT
_SIDEWAYS = ("Shape", "Size")
_SHOWN = 100  # characters of a name


@dataclass
class Chain:
    """From the only input to the scores."""

    nodes: list[Any]
    output: str  # the value that holds the scores
    notes: list[str] = field(default_factory=list)
    values: list[str] = field(default_factory=list)  # what each node gives to the next
    two_classes: bool = False  # the last value is the probability of the second class: the first has the rest


def name_of(node: Any) -> str:
    name = node.name or next(iter(node.output), "")
    return f"{node.op_type[:_SHOWN]} {name[:_SHOWN]!r}"


def chain_of(model: Any, source: str) -> Chain:
    """Raises TeacherError if the nodes on the way are no chain."""
    made_by = {output: node for node in model.graph.node for output in node.output if output}
    found = Chain([], *_scores(model, made_by, source))
    needed = _ancestors(found.output, made_by)
    users: dict[str, list[Any]] = {}
    for node in model.graph.node:
        if node.op_type not in _SIDEWAYS and any(output in needed for output in node.output):
            for name in dict.fromkeys(node.input):
                users.setdefault(name, []).append(node)
    value = data_inputs(model)[0].name
    while value != found.output:
        following = users.get(value, [])
        if found.nodes and _is_pair(following, found.nodes[-1], found.output):
            found.two_classes = True
            break
        if len(following) != 1:
            last = name_of(found.nodes[-1]) if found.nodes else "the input"
            what = f"goes on to {', '.join(map(name_of, following))}" if following else "goes nowhere"
            raise TeacherError(
                f"{source}: the result of {last} {what[:1000]}: chips here are one chain of layers, with neither"
                " branches nor shortcuts"
            )
        [node] = following
        if len(found.nodes) >= len(model.graph.node):
            raise TeacherError(f"{source}: {name_of(node)} is made of itself: export it again")
        found.nodes.append(node)
        value = next(output for output in node.output if output in needed)
        found.values.append(value)
    return found


def _scores(model: Any, made_by: dict[str, Any], source: str) -> tuple[str, list[str]]:
    """The value that holds the scores, and what is to be told of labels."""
    scores, notes = [], []
    for value in model.graph.output:
        node = made_by.get(value.name)
        if node is not None and node.op_type == "ZipMap" and node.input:
            scores.append(node.input[0])
            notes += _labels(node)
        elif _may_be_scores(value.type):
            scores.append(value.name)
        else:
            notes.append(f"output {value.name}, of labels, is left out: the scores decide")
    if len(scores) != 1:
        names = ", ".join(value.name for value in model.graph.output)
        raise TeacherError(
            f"{source}: has {len(model.graph.output)} outputs ({names}); a teacher has one, the logits, or labels and"
            " scores"
        )
    return scores[0], notes


def _may_be_scores(kind: Any) -> bool:
    return kind.WhichOneof("value") in (None, "tensor_type") and kind.tensor_type.elem_type in (0, _FLOAT)


def _labels(zip_map: Any) -> list[str]:
    """What the classes are called, where that is not 0, 1, 2 ..."""
    for attribute in zip_map.attribute:
        labels = list(attribute.ints) or [each.decode(errors="replace") for each in attribute.strings]
        if labels and labels != list(range(len(labels))):
            shown = ", ".join(map(str, labels[:8])) + (", ..." if len(labels) > 8 else "")
            return [f"class 0, 1, ... is the file's {ascii(shown)[1:-1]}"]
    return []


def _is_pair(following: list[Any], last: Any, output: str) -> bool:
    """Whether a sigmoid's p becomes the scores (1 - p, p), as scikit-learn has them for two classes."""
    kinds = sorted(node.op_type for node in following)
    if last.op_type != "Sigmoid" or kinds != ["Concat", "Sub"]:
        return False
    concat, sub = sorted(following, key=lambda node: node.op_type)
    p = last.output[0]
    return list(concat.output) == [output] and list(concat.input) == [sub.output[0], p] and list(sub.input)[1:] == [p]


def _ancestors(name: str, made_by: dict[str, Any]) -> set[str]:
    """`name` and all values that it is made of."""
    seen, todo = set(), [name]
    while todo:
        each = todo.pop()
        if each not in seen:
            seen.add(each)
            todo += made_by[each].input if each in made_by else []
    return seen


def input_sides(model: Any, source: str) -> tuple[int, ...]:
    """The shape of the only input, without its batch. Raises TeacherError."""
    inputs = data_inputs(model)
    if len(inputs) != 1:
        names = ", ".join(value.name for value in inputs) or "none"
        raise TeacherError(f"{source}: has {len(inputs)} inputs ({names}); a teacher has one")
    tensor = inputs[0].type.tensor_type
    if tensor.elem_type != _FLOAT:
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
