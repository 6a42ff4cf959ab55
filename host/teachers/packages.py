"""The optional packages, imported where they are used; without them one line says how to get them."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from host.errors import TeacherError

_EXTRAS = {"torch": "torch", "onnx": "onnx", "onnxruntime": "onnx", "nir": "nir", "h5py": "nir"}


def optional(package: str, for_what: str) -> Any:
    """The imported package. Raises TeacherError if it is not installed."""
    try:
        return import_module(package)
    except ImportError:
        raise TeacherError(
            f"{for_what} needs the package {package}, which is not installed: pip install 'chipsim[{_EXTRAS[package]}]'"
        ) from None
