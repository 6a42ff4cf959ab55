"""Compiles kernels and keeps them on disk, under a key that covers every kernel source.

What a kernel calls may be edited in any file. So the cache folder is named by a hash of all sources of the packages
that hold kernels, of numba's version and of this machine's processor: a second start is fast, and a stale kernel
cannot be. The folder's files, and what happens when two processes compile at once: `kernel_cache.py`.
"""

from __future__ import annotations

import hashlib
import logging
import os
import platform
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numba
from llvmlite import binding as llvm

from chipsim.simd.jit import KernelCompiler
from chipsim.simd.kernel_cache import KeptKernel
from chipsim.simd.private_places import changeable_by_others, make_private

_KERNEL_PACKAGES = ("chipsim", "learning_circuit", "nonideality")  # every file counts
KERNEL_FILES = "*.nbc"  # in the folder below
_ROOM = 4 << 20  # bytes that compiled kernels need at most
_UNUSED_S = 60 * 86_400.0  # after that long without a use, the kernels of other sources are removed
_HOST = "host"  # here only those with kernels, or with pieces of them
_COMPILES = (b"@kernel", b"kernel_named(", b"@inlined", b"@outlined")
_F = TypeVar("_F", bound=Callable[..., Any])
_log = logging.getLogger("chipsim")


def processor() -> str:
    """The processor that kernels are compiled for, as the compiler calls it."""
    return str(llvm.get_host_cpu_name())


def sources_key(root: Path) -> str:
    """Sixteen hex digits over the sources below `root` (the folder that holds the packages) and the compiler."""
    digest = hashlib.sha256(f"{numba.__version__} {platform.python_version()} {processor()}".encode())
    for package in (*_KERNEL_PACKAGES, _HOST):
        for source in _sources(root / package):
            content = Path(source).read_bytes()
            if package != _HOST or any(word in content for word in _COMPILES):
                digest.update(f"{os.path.relpath(source, root)}\0".encode() + content)
    return digest.hexdigest()[:16]


def _sources(package: Path) -> list[str]:
    """Its Python files, in an order that is always the same. Not of pathlib, which takes five times as long."""
    return sorted(
        os.path.join(folder, name) for folder, _, names in os.walk(package) for name in names if name.endswith(".py")
    )


def cache_root() -> Path:
    """Where chipsim keeps what it can make again: CHIPSIM_CACHE, else the user's cache folder."""
    if chosen := os.environ.get("CHIPSIM_CACHE"):
        return Path(chosen)
    if chosen := os.environ.get("XDG_CACHE_HOME"):
        return Path(chosen) / "chipsim"
    try:
        return Path.home() / ".cache" / "chipsim"
    except RuntimeError:  # no HOME, and a user whom the system does not know, as in some containers
        return Path(tempfile.gettempdir()) / f"chipsim-{os.getuid()}"


def _kernel_folder() -> Path | None:
    """The folder for this source state, or None if nothing can be written there, or others could put kernels there."""
    folder = cache_root() / "kernels" / sources_key(Path(__file__).resolve().parents[2])
    try:
        make_private(folder)
        if why := changeable_by_others(folder):
            _log.warning(
                "chipsim: %s, and what it holds would be run as code: kernels are compiled anew each time, until you"
                " chown it, chmod go-w it, or name a folder of your own with CHIPSIM_CACHE",
                why,
            )
            return None
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(bytes(_ROOM))  # a full disk costs the cache, not the run
            probe.flush()
        os.utime(folder)
        _remove_unused(folder.parent)
        return folder
    except OSError:
        return None


def _remove_unused(kernels: Path) -> None:
    """Remove the folders of source states that nobody has started for long."""
    for folder in kernels.iterdir():
        if time.time() - folder.stat().st_mtime > _UNUSED_S:
            shutil.rmtree(folder, ignore_errors=True)


KERNEL_FOLDER = _kernel_folder()


def kernel(function: _F) -> _F:
    """Compile `function` without the interpreter lock; kept on disk where there is a place for it."""
    return kernel_named("")(function)


def kernel_named(called: str) -> Callable[[_F], _F]:
    """As `kernel`, of a function that others make of parts: `called` says of which, and names their sources if those
    are not ours.
    """

    def compile_function(function: _F) -> _F:
        if numba.config.DISABLE_JIT:
            return function
        options = {"nopython": True, "nogil": True, "_nrt": False, "no_cfunc_wrapper": True}
        compiled = KeptKernel(function, targetoptions=options, pipeline_class=KernelCompiler)
        if KERNEL_FOLDER is not None and Path(function.__code__.co_filename).is_file():
            compiled.keep_in(KERNEL_FOLDER, called)
        return compiled

    return compile_function
