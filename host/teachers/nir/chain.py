"""The nodes of a NIR graph in the order that data pass them; graphs that are no chain are refused."""

from __future__ import annotations

from typing import Any

import numpy as np

from host.errors import TeacherError
from host.teachers.network import ImageShape


def chain(nir: Any, graph: Any, source: str) -> list[tuple[str, Any]]:
    """Names and nodes between the only input and the only output. Raises TeacherError."""
    if not isinstance(graph, nir.NIRGraph):
        raise TeacherError(f"{source}: holds a single {type(graph).__name__} node, no graph")
    start, end = (_only(graph, kind, source) for kind in (nir.Input, nir.Output))
    edges = list(dict.fromkeys((str(a), str(b)) for a, b in graph.edges))
    nodes = []
    key, seen = start, {start}
    while key != end:
        following = [b for a, b in edges if a == key]
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
        if key != end:
            nodes.append((key, graph.nodes[key]))
    if left := [key for key in graph.nodes if key not in seen]:
        raise TeacherError(f"{source}: {_name(graph, left[0])} is not on the way from input to output: take it out")
    if extra := [a for a, b in edges if b in seen and a not in seen]:
        raise TeacherError(f"{source}: an edge comes from {extra[0]!r}, which is no node of the graph")
    return nodes


def input_shape(nir: Any, graph: Any, source: str) -> ImageShape:
    """Channels, height, width of what the graph takes; (n, 1, 1) for a vector. Raises TeacherError."""
    node = graph.nodes[_only(graph, nir.Input, source)]
    taken = node.input_type["input"]
    sides = [] if taken is None else [int(side) for side in np.ravel(taken)]
    if not 1 <= len(sides) <= 3 or min(sides) < 1:
        raise TeacherError(
            f"{source}: its input has shape {sides}, which is neither a vector nor an image; NIR counts no batch"
        )
    channels, height, width = {1: [*sides, 1, 1], 2: [1, *sides], 3: sides}[len(sides)]
    return channels, height, width


def _only(graph: Any, kind: Any, source: str) -> str:
    keys = [key for key, node in graph.nodes.items() if isinstance(node, kind)]
    if len(keys) != 1:
        raise TeacherError(f"{source}: has {len(keys)} {kind.__name__} nodes; there must be one")
    return str(keys[0])


def _name(graph: Any, key: str) -> str:
    return f"{type(graph.nodes[key]).__name__} {key!r}"
