"""Files that are whole or absent: written beside, then renamed; checkpoints carry their own checksum."""

from __future__ import annotations

import errno
import hashlib
import io
import json
import os
import stat
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chipsim.reading import UnreadableError, ends_beside, open_file, remove_left_over
from host.errors import RunFolderError
from host.faults import NOWHERE
from host.stored_arrays import npz

_MAGIC = b"chipsim arrays 1\n"


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A file beside `path` to write to, which replaces `path` at the end; on an error `path` stays as it was.

    Raises OSError, also where a pipe or a device stands, which a file must not replace.
    """
    if path.exists() and not (path.is_file() or path.is_dir()):  # of a folder the system says so itself
        raise OSError(errno.EINVAL, "it is a pipe or a device, which no file replaces", str(path))
    remove_left_over(path.parent)
    prefix, suffix = ends_beside(path)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=prefix, suffix=suffix)
    os.close(handle)
    try:
        yield Path(name)
        with open(name, "rb") as file:
            os.fsync(file.fileno())
        os.chmod(name, 0o644)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def folder_beside(path: Path) -> Path:
    """A new folder beside `path`, to be renamed to it. Raises OSError."""
    remove_left_over(path.parent)
    prefix, suffix = ends_beside(path)
    return Path(tempfile.mkdtemp(dir=path.parent, prefix=prefix, suffix=suffix))


def is_missing(path: Path) -> bool:
    """Whether nothing has this name. False where the system refuses to tell: whoever opens the file hears why.

    Not of pathlib: later versions take every error for a missing file.
    """
    try:
        os.lstat(path)
    except (OSError, ValueError) as error:
        return _leads_nowhere(error)
    return False


def is_folder(path: Path) -> bool:
    """Whether a folder has this name. Raises OSError where the system refuses to tell."""
    try:
        return stat.S_ISDIR(os.stat(path).st_mode)
    except (OSError, ValueError) as error:
        if _leads_nowhere(error):
            return False
        raise


def _leads_nowhere(error: OSError | ValueError) -> bool:
    """Whether an error says that no file has, or can have, this name."""
    return not isinstance(error, OSError) or error.errno in NOWHERE


def write_bytes(path: Path, content: bytes) -> None:
    """Replace `path` by `content`, or leave it as it was and raise OSError."""
    with replacing(path) as beside:
        beside.write_bytes(content)


def write_text(path: Path, content: str) -> None:
    write_bytes(path, content.encode())


def write_arrays(path: Path, arrays: Mapping[str, NDArray[Any]], facts: Mapping[str, Any]) -> None:
    """Arrays and JSON facts in one checked file."""
    buffer = io.BytesIO()
    text = np.frombuffer(json.dumps(facts).encode(), np.uint8)
    everything: dict[str, Any] = {"__facts__": text, **arrays}
    np.savez(buffer, **everything)
    payload = buffer.getvalue()
    write_bytes(path, _MAGIC + hashlib.sha256(payload).hexdigest().encode() + b"\n" + payload)


def read_arrays(path: Path) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """What `write_arrays` wrote. Raises RunFolderError if the file is missing, cut short or altered."""
    try:
        with open_file(path) as file:
            content = file.read()
    except UnreadableError as error:
        raise RunFolderError(f"checkpoint {path} cannot be read: {error}") from None
    except OSError as error:
        raise RunFolderError(f"checkpoint {path} cannot be read: {error.strerror}") from None
    if not content.startswith(_MAGIC):
        raise RunFolderError(f"{path} is not a chipsim checkpoint: it does not begin with {_MAGIC.decode().strip()!r}")
    digest, payload = content[len(_MAGIC) : len(_MAGIC) + 65], content[len(_MAGIC) + 65 :]
    if hashlib.sha256(payload).hexdigest().encode() + b"\n" != digest:
        raise RunFolderError(f"checkpoint {path} is damaged (cut short or altered): its checksum differs; start anew")
    try:
        with npz(io.BytesIO(payload)) as stored:
            arrays = {name: stored.read(name) for name in stored.names}
    except UnreadableError as error:
        raise RunFolderError(f"checkpoint {path} cannot be read: {error}") from None
    return arrays, _facts_in(arrays, path)


def _facts_in(arrays: dict[str, NDArray[Any]], path: Path) -> dict[str, Any]:
    """The JSON object among the arrays, taken out. Raises RunFolderError."""
    try:
        facts = json.loads(arrays.pop("__facts__").tobytes())
    except (KeyError, ValueError, RecursionError):
        facts = None
    if not isinstance(facts, dict):
        raise RunFolderError(f"checkpoint {path} cannot be read: it holds no facts that chipsim wrote; start anew")
    return facts
