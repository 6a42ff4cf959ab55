"""Whether a teacher's file holds convolutions, before anything of it is computed: what suits images suits its chip."""

from __future__ import annotations

from pathlib import Path

from host.teachers.packages import optional


def has_convolutions(path: Path) -> bool:
    """Of an ONNX file. False for any other, such as a NIR file, which says itself how its neurons run.

    False, too, for one that cannot be read, which is told when the teacher is.
    """
    if path.suffix != ".onnx" or not path.is_file():
        return False
    model = optional("onnx", "a teacher from an ONNX file").ModelProto()
    try:
        model.ParseFromString(path.read_bytes())
    except Exception:  # protobuf's own class moves between its versions
        return False
    return any(node.op_type == "Conv" for node in model.graph.node)
