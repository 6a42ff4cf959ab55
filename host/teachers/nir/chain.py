"""The nodes of a NIR graph in the order that data pass them; graphs that are no chain are refused."""

from __future__ import annotations

from typing import Any

import numpy as np

from host.errors import TeacherError
from host.teachers.network import ImageShape


def chain(nir: Any, graph: Any, source: str) -> list[tuple[str, Any]]:
    """Names and nodes between the only input and the only output, those of inner graphs included.

    Raises TeacherError.
    """
    if not isinstance(graph, nir.NIRGraph):
        raise TeacherError(f"{source}: holds a single {type(graph).__name__} node, no graph")
    start, end = (_only(graph, kind, source) for kind in (nir.Input, nir.Output))
    edges = list(dict.fromkeys((str(a), str(b)) for a, b in graph.edges))
    after: dict[str, list[str]] = {}
    for a, b in edges:
        after.setdefault(a, []).append(b)
    nodes = []
    key, seen = start, {start}
    while key != end:
        following = after.get(key, [])
        if len(following) != 1 or following[0] in seen:
            what = f"to {', '.join(map(repr, following))}" if following else "nowhere"
            raise TeacherError(
                f"{source}: {_name(graph, key)} leads {what}: chips here are one chain of layers, without recurrence or"
                " branches"
            )
        [key] = following
        seen.add(key)
        if key not in graph.nodes:
            raise TeacherError(f"{source}: an edge leads to {key!r}, which is no node of the graph")
        node = graph.nodes[key]
        if isinstance(node, nir.NIRGraph):
            nodes += [(f"{key}.{inner}", each) for inner, each in chain(nir, node, f"{source}: graph {key!r}")]
        elif key != end:
            nodes.append((key, node))
    if left := [key for key in graph.nodes if key not in seen]:
        raise TeacherError(f"{source}: {_name(graph, left[0])} is not on the way from input to output: take it out")
    if extra := [a for a, b in edges if b in seen and a not in seen]:
        raise TeacherError(f"{source}: an edge comes from {extra[0]!r}, which is no node of the graph")
    return nodes


def input_shape(nir: Any, graph: Any, nodes: list[tuple[str, Any]], source: str) -> tuple[ImageShape, tuple[int, ...]]:
    """Channels, height, width of what the graph takes ((n, 1, 1) for a vector), and its axes of batch or time.

    NIR counts neither, but some exporters write the shape of the array that they traced with: axes before those that
    the first layer meets are left out. Raises TeacherError.
    """
    node = graph.nodes[_only(graph, nir.Input, source)]
    sides = whole_numbers(node.input_type["input"], "its input's shape", source)
    if not sides or min(sides) < 1:
        raise TeacherError(f"{source}: its input has shape {list(sides)}, which is neither a vector nor an image")
    first = next((each for _, each in nodes if not isinstance(each, nir.Scale)), None)
    if isinstance(first, nir.Affine | nir.Linear) and sides[-1] == np.shape(first.weight)[-1]:
        return (sides[-1], 1, 1), sides[:-1]
    if len(sides) > 3 and isinstance(first, nir.Conv2d | nir.AvgPool2d | nir.SumPool2d | nir.Flatten):
        channels, height, width = sides[-3:]
        return (channels, height, width), sides[:-3]
    if len(sides) > 3:
        raise TeacherError(f"{source}: its input has shape {list(sides)}, and its first layer takes none of these axes")
    channels, height, width = {1: (*sides, 1, 1), 2: (1, *sides), 3: sides}[len(sides)]
    return (channels, height, width), ()


def whole_numbers(values: Any, what: str, source: str) -> tuple[int, ...]:
    """Of a setting such as a shape or a stride. Raises TeacherError."""
    array = np.ravel(np.asarray(() if values is None else values))
    if array.size > 8 or array.dtype.kind not in "iuf" or not (array == np.floor(array)).all():
        raise TeacherError(f"{source}: {what} is {_shown(array)}; it must be whole numbers")
    if array.size and not np.abs(array).max() < 2**40:
        raise TeacherError(f"{source}: {what} is {_shown(array)}, which nothing is large enough for")
    return tuple(int(value) for value in array)


def _shown(array: Any) -> str:
    return ascii(", ".join(map(str, array[:8].tolist())))[1:-1]


def _only(graph: Any, kind: Any, source: str) -> str:
    keys = [key for key, node in graph.nodes.items() if isinstance(node, kind)]
    if len(keys) != 1:
        raise TeacherError(f"{source}: has {len(keys)} {kind.__name__} nodes; there must be one")
    return str(keys[0])


def _name(graph: Any, key: str) -> str:
    return f"{type(graph.nodes[key]).__name__} {key!r}" if key in graph.nodes else repr(key)
