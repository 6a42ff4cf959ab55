"""The constants that an ONNX file stores, as arrays: of known types, as large as they say, inside or beside it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from host.errors import TeacherError
from host.teachers.onnx.file import external_file
from host.teachers.packages import optional
from host.teachers.regular_file import opened

_TYPES = (
    *("FLOAT", "DOUBLE", "FLOAT16", "BFLOAT16", "BOOL"),
    *("INT8", "INT16", "INT32", "INT64", "UINT8", "UINT16", "UINT32", "UINT64"),
)
_MOST_BYTES = 2**31


class Tensors:
    """Of one model in a file."""

    def __init__(self, path: Path) -> None:
        self._onnx = optional("onnx", "a teacher from an ONNX file")
        self._path = path
        self._types = {getattr(self._onnx.TensorProto, name): name for name in _TYPES}

    def array(self, tensor: Any, name: str) -> NDArray[Any]:
        """Raises TeacherError, naming the file and the constant, `name`."""
        where = f"{self._path}: constant {name!r}"
        if tensor.data_type not in self._types:
            known = self._onnx.TensorProto.DataType.items()
            kind = next((word for word, number in known if number == tensor.data_type), tensor.data_type)
            raise TeacherError(f"{where}: is of data type {kind}; weights are of {', '.join(_TYPES)}: export it again")
        if any(side < 0 for side in tensor.dims):
            raise TeacherError(f"{where}: has a shape {list(tensor.dims)} with a negative side: export it again")
        if tensor.data_location == self._onnx.TensorProto.EXTERNAL:
            return self._external(tensor, where)
        try:
            return np.asarray(self._onnx.numpy_helper.to_array(tensor))
        except Exception as error:  # it raises what numpy and protobuf raise
            raise TeacherError(
                f"{where}: does not hold what its shape {list(tensor.dims)} says ({_brief(error)}): export it again"
            ) from None

    def _external(self, tensor: Any, where: str) -> NDArray[Any]:
        entries = {entry.key: entry.value for entry in tensor.external_data}
        dtype = self._onnx.helper.tensor_dtype_to_np_dtype(tensor.data_type)
        count = 1
        for side in tensor.dims:
            count *= side
        size = count * dtype.itemsize
        try:
            offset, length = int(entries.get("offset", 0)), int(entries.get("length", size))
        except ValueError:
            offset = length = -1
        if offset < 0 or length != size or size > _MOST_BYTES:
            raise TeacherError(
                f"{where}: its shape {list(tensor.dims)} takes {size} bytes, and {entries.get('length')} from"
                f" {entries.get('offset')} on are to be read: export it again"
            )
        with opened(external_file(self._path, entries.get("location", "")), 2**63) as stream:
            content = b""
            if offset <= os.fstat(stream.fileno()).st_size:
                stream.seek(offset)
                content = stream.read(size)
        if len(content) != size:
            raise TeacherError(
                f"{where}: {entries.get('location')!r} ends after {len(content)} of its {size} bytes: copy it again"
            )
        return np.frombuffer(content, dtype).reshape(tuple(tensor.dims))


def _brief(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
