"""An ONNX file: its bytes, its digest, and the model in it, checked before anything else is done with it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from host.errors import TeacherError
from host.teachers.packages import optional
from host.teachers.regular_file import content_of, opened

_FOR_WHAT = "a teacher from an ONNX file"
_MOST_BYTES = 2**31  # what protobuf holds
_MOST_NODES = 20_000
_BESIDE_MOST = 2**33  # of weights in files of their own
_PIECE = 2**22


def file_digest(path: Path) -> str:
    """Sixteen hex digits over the file and the files of weights that it names. Raises TeacherError."""
    content, model = _parsed(path)
    digest = hashlib.sha256(content)
    for file in _external_files(model, path):
        with opened(file, _BESIDE_MOST) as stream:
            while piece := stream.read(_PIECE):
                digest.update(piece)
    return digest.hexdigest()[:16]


def changed(path: Path, found: str, expected: str | None) -> TeacherError:
    return TeacherError(
        f"teacher {path} has changed: its digest is {found}, the run's is {expected}; put the first file back, or start"
        " a new run"
    )


def read_model(path: Path) -> Any:
    """The model (an onnx.ModelProto), weights in files of their own not yet read. Raises TeacherError."""
    onnx = optional("onnx", _FOR_WHAT)
    _, model = _parsed(path)
    _check_version(onnx, model, path)
    if len(model.graph.node) > _MOST_NODES:
        raise TeacherError(f"{path} has {len(model.graph.node):,} nodes; at most {_MOST_NODES:,} are read")
    if any(isinstance(text, bytes) for text in _texts(model)):  # what protobuf makes of a text that is none
        raise TeacherError(f"{path} holds a name that is no text in UTF-8: it is damaged; export it again")
    _check_functions(model, path)
    _external_files(model, path)
    return model


def external_file(path: Path, location: str) -> Path:
    """The file of weights of that name beside the model's `path`. Raises TeacherError if it is elsewhere or missing."""
    try:
        file = path.parent / location
        inside = file.resolve().is_relative_to(path.parent.resolve())
        is_file = file.is_file()
    except (OSError, RuntimeError, ValueError) as error:  # a circle of links, a NUL
        raise TeacherError(
            f"{path} keeps weights in {location}, which is no file's name ({error}): export it with the weights inside"
        ) from None
    if not inside:
        raise TeacherError(
            f"{path} keeps weights in {location}, outside its own folder, and such files are not opened: export it"
            " with the weights inside (onnx.save with save_as_external_data=False)"
        )
    if not is_file:
        raise TeacherError(f"{path} keeps weights in {location}, which is not beside it: put it there")
    return file


def _parsed(path: Path) -> tuple[bytes, Any]:
    """The file's bytes, and the model without the weights that are kept in other files."""
    onnx = optional("onnx", _FOR_WHAT)
    content = content_of(path, _MOST_BYTES)
    model = onnx.ModelProto()
    try:
        model.ParseFromString(content)
    except Exception as error:  # protobuf's own class moves between its versions
        raise TeacherError(
            f"{path} is not an ONNX file ({_first_line(error)}): it is cut short or something else; export it again"
        ) from None
    if not model.opset_import or not model.graph.node:
        raise TeacherError(f"{path} is not an ONNX file: it holds no graph; it is cut short or something else")
    return content, model


def _external_files(model: Any, path: Path) -> list[Path]:
    """The files of weights beside `path`. Raises TeacherError if one lies elsewhere or is missing."""
    locations = set()
    for tensor in _tensors(model.graph):
        for entry in tensor.external_data:
            if entry.key == "location":
                locations.add(entry.value)
    return [external_file(path, location) for location in sorted(locations)]


def _tensors(graph: Any) -> list[Any]:
    """All constants of the graph and of the attributes of its nodes; protobuf bounds how deep they nest."""
    tensors = [*graph.initializer]
    for sparse in graph.sparse_initializer:
        tensors += [sparse.values, sparse.indices]
    for node in graph.node:
        for attribute in node.attribute:
            tensors += [attribute.t, *attribute.tensors]
            for inner in [attribute.g, *attribute.graphs]:
                tensors += _tensors(inner)
    return tensors


def _texts(message: Any) -> Iterator[str | bytes]:
    """All names, types and remarks in a message; protobuf bounds how deep it nests."""
    for field, value in message.ListFields():
        if field.type == field.TYPE_STRING:
            yield from [value] if isinstance(value, str | bytes) else value
        elif field.type == field.TYPE_MESSAGE:
            for inner in [value] if hasattr(value, "ListFields") else value:
                yield from _texts(inner)


def _check_functions(model: Any, path: Path) -> None:
    """A function of the model's own would take the place of an operator."""
    own = {(function.domain, function.name) for function in model.functions}
    for node in model.graph.node:
        if (node.domain, node.op_type) in own:
            raise TeacherError(
                f"{path}: {node.op_type} {node.name!r} calls a function that the model defines: export it with"
                " functions inlined (onnx.inliner.inline_local_functions)"
            )


def _check_version(onnx: Any, model: Any, path: Path) -> None:
    newest = onnx.defs.onnx_opset_version()
    for opset in model.opset_import:
        if not 1 <= opset.version < 2**31:
            raise TeacherError(
                f"{path} is of opset {opset.version} of {opset.domain!r}, which there is not: export it again"
            )
        if opset.domain in ("", "ai.onnx") and opset.version > newest:
            raise TeacherError(
                f"{path} is of opset {opset.version}; this onnx {onnx.__version__} knows up to {newest}: export it with"
                f" opset_version={min(newest, 17)}, or install a newer onnx and onnxruntime"
            )
    if not 1 <= model.ir_version < 2**31:
        raise TeacherError(f"{path} is of IR version {model.ir_version}, which there is not: export it again")
    if model.ir_version > onnx.IR_VERSION:
        raise TeacherError(
            f"{path} is of IR version {model.ir_version}; this onnx {onnx.__version__} knows up to {onnx.IR_VERSION}:"
            " install a newer onnx and onnxruntime, or export it with an older one"
        )


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__
