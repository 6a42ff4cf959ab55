"""Compiled kernels on disk: a file for each signature, safe for any number of processes at once.

numba's own cache numbers its files by what its index held when it was read: two processes that compile different
signatures of one kernel at once may choose the same number, and a third then runs the wrong machine code. Here a
file is named by all that it was compiled from, says so itself, and appears whole or not at all.

Who compiles holds a lock, which the system takes back from a process that dies. Another process that wants the same
signature waits, and loads what the first one made. The lock only saves work: without it the files are right, too.
"""

from __future__ import annotations

import contextlib
import hashlib
import pickle
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from numba.core import sigutils
from numba.core.caching import NullCache
from numba.core.compiler import CompileResult
from numba.core.compiler_lock import global_compiler_lock
from numba.core.registry import CPUDispatcher
from numba.core.serialize import dumps

from chipsim.simd.plugin_sources import plugin_sources_key

_OURS = ("chipsim", "host", "learning_circuit", "nonideality")
_WAIT_S = 120.0  # for another process that compiles: more than any kernel takes
_DIGEST = hashlib.sha256().digest_size  # bytes


def _identity(function: Callable[..., Any]) -> tuple[Any, ...]:
    """What tells a function from others of its sources: where it stands, and what it has from a function around it."""
    cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
    enclosed = [f"{name}={_described(cell.cell_contents, name)}" for name, cell in cells]
    return function.__module__, function.__qualname__, function.__code__.co_firstlineno, *enclosed


def _described(value: Any, name: str) -> str:
    if isinstance(value, CPUDispatcher):
        return str(_identity(value.py_func))
    if isinstance(value, bool | int | float | str):
        return repr(value)
    raise TypeError(
        f"a kernel closes over {name}, a {type(value).__name__}: only stages, numbers and strings name a file"
    )


def _package_key(function: Callable[..., Any]) -> str:
    """Of a kernel of another package, a key over all that it may call there: the folder's name covers ours alone."""
    if function.__module__.split(".")[0] in _OURS:
        return ""
    try:
        return plugin_sources_key([function])
    except TypeError:  # of no module that Python has imported
        return ""


class KernelFiles(NullCache):  # type: ignore[misc]
    """The compiled signatures of one function, as numba's dispatcher asks for them.

    Raises OSError if the file that holds the function cannot be read, TypeError if the function closes over anything
    but stages, numbers and strings.
    """

    def __init__(self, function: Callable[..., Any], folder: Path, called: str = "") -> None:
        """called: all that tells the function from others of its sources; empty: what it closes over."""
        source = Path(function.__code__.co_filename).read_bytes()
        identity = (function.__module__, function.__qualname__, called) if called else _identity(function)
        self._origin = (*identity, hashlib.sha256(source).hexdigest(), _package_key(function))
        self._name = f"{function.__module__}.{function.__qualname__}".replace("<locals>.", "")
        self._folder = folder

    @property
    def cache_path(self) -> str:
        return str(self._folder)

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """The compiled signature, or None where there is none or the file is damaged.

        Machine code needs nothing of what numba knows of functions, which takes it a third of a second to gather: who
        compiles does that.
        """
        key = self._key(sig, target_context.codegen())
        try:
            data = self._path(key).read_bytes()
        except OSError:
            return None
        if hashlib.sha256(data[_DIGEST:]).digest() != data[:_DIGEST]:
            return None
        try:
            found, compiled = pickle.loads(data[_DIGEST:])
        except (AttributeError, ImportError):  # a type of its arguments is no longer where it was
            return None
        return CompileResult._rebuild(target_context, *compiled) if found == key else None

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep `data`, a CompileResult. A full disk costs the file, not the run."""
        if data.library.has_dynamic_globals:  # addresses of this process
            return
        key = self._key(sig, data.codegen)
        content = dumps((key, data._reduce()))
        path = self._path(key)
        beside = path.with_suffix(f".{uuid.uuid4().hex}.tmp")
        with contextlib.suppress(OSError):
            try:
                beside.write_bytes(hashlib.sha256(content).digest() + content)
                beside.replace(path)
            finally:
                beside.unlink(missing_ok=True)

    @contextlib.contextmanager
    def alone(self, sig: Any, target_context: Any) -> Iterator[None]:
        """Keep other processes from compiling the same: they wait here. Nobody waits for a file that is there."""
        path = self._path(self._key(sig, target_context.codegen()))
        with contextlib.ExitStack() as held:
            if not path.exists():
                with contextlib.suppress(OSError, Timeout):
                    held.enter_context(FileLock(path.with_suffix(".lock"), timeout=_WAIT_S))
                    for left_over in path.parent.glob(f"{path.stem}.*.tmp"):  # by a process that was killed
                        left_over.unlink()
            yield

    def _key(self, sig: Any, codegen: Any) -> tuple[Any, ...]:
        return (*self._origin, *sigutils.normalize_signature(sig), codegen.magic_tuple())

    def _path(self, key: tuple[Any, ...]) -> Path:
        return self._folder / f"{self._name}-{hashlib.sha256(str(key).encode()).hexdigest()[:16]}.nbc"


class KeptKernel(CPUDispatcher):  # type: ignore[misc]
    """A compiled function; its signatures are kept on disk once `keep_in` has said where."""

    _files: KernelFiles | None = None

    def keep_in(self, folder: Path, called: str = "") -> None:
        """called: see `KernelFiles`."""
        self._cache = self._files = KernelFiles(self.py_func, folder, called)

    def compile(self, sig: Any) -> Any:
        if self._files is None:
            return super().compile(sig)
        # numba's own lock comes first: with the file's first, two threads could wait for each other.
        with global_compiler_lock, self._files.alone(sig, self.targetctx):
            return super().compile(sig)
