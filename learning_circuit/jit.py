"""How the pieces of kernels are compiled: for speed, at the price of two promises.

- No reference counts (numba's ``_nrt=False``): those of shared arrays are atomic and cost more than a row of a
  crossbar. The promise: a piece allocates nothing.
- No aliasing: the compiler need not check at every call whether arrays overlap. The promise: an array that a piece
  writes overlaps no other argument.

The interpreter lock is released. The chip's cycle compiles these pieces in and keeps the result on disk.

A piece is compiled without an entry from Python: taking the chip's tables apart for it would take a third of all
compile time. Called from Python all the same, it gets one then.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

import numba
from numba.core.compiler import Compiler
from numba.core.registry import CPUDispatcher


class _NoAlias(Compiler):  # type: ignore[misc]
    """numba's compiler with its ``noalias`` flag up, for which it has no decorator option."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.state.flags.noalias = True


class _Stage(CPUDispatcher):  # type: ignore[misc]
    """A piece: other compiled functions call it, and Python through a function of its own."""

    def __init__(self, function: Callable[..., Any], inlined: bool) -> None:
        options = {"nopython": True, "nogil": True, "_nrt": False, "forceinline": inlined}
        without_entries = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
        super().__init__(function, targetoptions=options | without_entries, pipeline_class=_NoAlias)

    def __call__(self, *arguments: Any) -> Any:
        return self._entry(*arguments)

    @cached_property
    def _entry(self) -> Any:
        piece = self

        @numba.njit(nogil=True)
        def enter(*arguments):
            return piece(*arguments)

        return enter


def stage(function: Callable[..., Any]) -> Any:
    """Compile a piece that is inlined by force."""
    return function if numba.config.DISABLE_JIT else _Stage(function, inlined=True)


def rare_stage(function: Callable[..., Any]) -> Any:
    """Compile a piece that few runs need: its code stays out of the loop that all runs go through."""
    return function if numba.config.DISABLE_JIT else _Stage(function, inlined=False)


inlined_stage = numba.njit(nogil=True, _nrt=False, inline="always")
