"""How training stands, in a file beside the one that it will end in, so that the same command can go on with it."""

from __future__ import annotations

import io
import json
import pickle
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from host.errors import RunFolderError, TeacherError
from host.files import is_missing, read_arrays, write_arrays
from host.lock import InUseError, Lock


class Checkpoint:
    """A file beside `out`: whole or not there, and only for the training that wrote it."""

    def __init__(self, out: Path) -> None:
        self.path = out.with_name(f"{out.name}.checkpoint")

    @contextmanager
    def alone(self) -> Iterator[None]:
        """One training at a time. Raises TeacherError."""
        try:
            lock = Lock.take(self.path.with_suffix(".lock"))
        except InUseError as error:
            raise TeacherError(
                f"{self.path.with_suffix('')} is being trained by {error.holder}: wait for it, or choose another --out"
            ) from None
        try:
            yield
        finally:
            lock.release()

    def read(self, torch: Any, identity: Mapping[str, Any]) -> dict[str, Any] | None:
        """The state that was written; None if there is no file.

        identity: what decides the training, as JSON holds it. Raises TeacherError if the file is of another one, or
        damaged.
        """
        if is_missing(self.path):
            return None
        try:
            arrays, facts = read_arrays(self.path)
            theirs, state = facts["identity"], torch.load(io.BytesIO(arrays["state"].tobytes()), weights_only=True)
        except RunFolderError as error:
            raise TeacherError(f"{error} (remove it)") from None
        except (KeyError, RuntimeError, pickle.UnpicklingError):
            raise TeacherError(f"{self.path} holds no state of a training: remove it to start anew") from None
        mine = json.loads(json.dumps(identity))
        if other := sorted(name for name in mine.keys() | theirs.keys() if mine.get(name) != theirs.get(name)):
            differ = "; ".join(f"{name} {theirs.get(name)} there, {mine.get(name)} here" for name in other)
            raise TeacherError(
                f"{self.path} is of a training that is not this one ({differ}): give the same settings to go on with"
                " it, or remove it to start anew"
            )
        return dict(state)

    def write(self, torch: Any, identity: Mapping[str, Any], state: Mapping[str, Any]) -> None:
        """Replace what is there. Raises OSError."""
        buffer = io.BytesIO()
        torch.save(dict(state), buffer)
        write_arrays(self.path, {"state": np.frombuffer(buffer.getbuffer(), np.uint8)}, {"identity": dict(identity)})

    def remove(self) -> None:
        self.path.unlink(missing_ok=True)
