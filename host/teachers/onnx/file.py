"""An ONNX file: its bytes, its digest, and the model in it, checked before anything else is done with it."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from host.errors import TeacherError
from host.teachers.packages import optional

_FOR_WHAT = "a teacher from an ONNX file"


def file_digest(path: Path) -> str:
    """Sixteen hex digits over the file and the files of weights that it names. Raises TeacherError."""
    content, model = _parsed(path)
    digest = hashlib.sha256(content)
    for file in _external_files(model, path):
        digest.update(_read(file))
    return digest.hexdigest()[:16]


def digest_of_bytes(path: Path) -> str:
    """Sixteen hex digits over a file's bytes. Raises TeacherError."""
    return hashlib.sha256(_read(path)).hexdigest()[:16]


def changed(path: Path, found: str, expected: str | None) -> TeacherError:
    return TeacherError(
        f"teacher {path} has changed: its digest is {found}, the run's is {expected}; put the first file back, or start"
        " a new run"
    )


def read_model(path: Path) -> Any:
    """The model with all its weights (an onnx.ModelProto). Raises TeacherError."""
    onnx = optional("onnx", _FOR_WHAT)
    _, model = _parsed(path)
    _check_version(onnx, model, path)
    _external_files(model, path)
    try:
        onnx.load_external_data_for_model(model, str(path.parent))
        onnx.checker.check_model(model)
    except Exception as error:  # the checker raises whatever its C++ raises
        raise TeacherError(f"{path} is not a valid ONNX model: {_first_line(error)}; export it again") from None
    return model


def _parsed(path: Path) -> tuple[bytes, Any]:
    """The file's bytes, and the model without the weights that are kept in other files."""
    onnx = optional("onnx", _FOR_WHAT)
    content = _read(path)
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


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise TeacherError(f"teacher {path} cannot be read: {error.strerror}; name an .onnx or .nir file") from None


def _external_files(model: Any, path: Path) -> list[Path]:
    """The files of weights beside `path`. Raises TeacherError if one lies elsewhere or is missing."""
    folder = path.parent.resolve()
    locations = set()
    for tensor in _tensors(model.graph):
        for entry in tensor.external_data:
            if entry.key == "location":
                locations.add(entry.value)
    files = []
    for location in sorted(locations):
        file = path.parent / location
        if not file.resolve().is_relative_to(folder):
            raise TeacherError(
                f"{path} keeps weights in {location}, outside its own folder, and such files are not opened: export it"
                " with the weights inside (onnx.save with save_as_external_data=False)"
            )
        if not file.is_file():
            raise TeacherError(f"{path} keeps weights in {location}, which is not beside it: put it there")
        files.append(file)
    return files


def _tensors(graph: Any) -> list[Any]:
    """All constants of the graph and of the attributes of its nodes."""
    tensors = list(graph.initializer)
    for node in graph.node:
        for attribute in node.attribute:
            tensors += [attribute.t, *attribute.tensors]
            for inner in [attribute.g, *attribute.graphs]:
                tensors += _tensors(inner)
    return tensors


def _check_version(onnx: Any, model: Any, path: Path) -> None:
    newest = onnx.defs.onnx_opset_version()
    for opset in model.opset_import:
        if opset.domain in ("", "ai.onnx") and opset.version > newest:
            raise TeacherError(
                f"{path} is of opset {opset.version}; this onnx {onnx.__version__} knows up to {newest}: export it with"
                f" opset_version={min(newest, 17)}, or install a newer onnx and onnxruntime"
            )
    if model.ir_version > onnx.IR_VERSION:
        raise TeacherError(
            f"{path} is of IR version {model.ir_version}; this onnx {onnx.__version__} knows up to {onnx.IR_VERSION}:"
            " install a newer onnx and onnxruntime, or export it with an older one"
        )


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__
