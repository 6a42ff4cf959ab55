"""How the pieces of kernels are compiled: for speed, at the price of two promises.

- No reference counts (numba's ``_nrt=False``): those of shared arrays are atomic and cost more than a row of a
  crossbar. The promise: a piece allocates nothing.
- No aliasing: the compiler need not check at every call whether arrays overlap. The promise: an array that a piece
  writes overlaps no other argument.

The interpreter lock is released. The chip's cycle compiles these pieces in and keeps the result on disk.

A piece has no machine code and no entry from Python of its own, only the kernels that it becomes part of have: to take
the chip's tables apart for entries would take a third of all compile time. Called from Python all the same, it gets one
then.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from functools import cached_property
from typing import Any

import numba
from numba.core.bytecode import FunctionIdentity
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler
from numba.core.registry import CPUDispatcher


def _count_from_a_place_of_its_own() -> None:
    """Else kernels kept on disk by several processes would carry the same symbols, and the first one loaded would run
    for all: numba tells functions of one name apart by a number that it counts up in each process.
    """
    FunctionIdentity._unique_ids = itertools.count(int.from_bytes(os.urandom(7), "big"))


_count_from_a_place_of_its_own()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_count_from_a_place_of_its_own)


class _Piece(JITCodeLibrary):  # type: ignore[misc]
    """Code to be linked into other code, and optimised there."""

    def _optimize_final_module(self) -> None:
        pass

    def _finalize_final_module(self) -> None:
        self._finalize_dynamic_globals()
        self._verify_declare_only_symbols()
        self._finalized = True


class _PieceCompiler(Compiler):  # type: ignore[misc]
    """numba's compiler with two of its flags up that it has no decorator options for."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.state.flags.noalias = self.state.flags.no_compile = True

    def compile_extra(self, function: Callable[..., Any]) -> Any:
        self.state.library = _Piece(self.state.targetctx.codegen(), function.__qualname__)
        return super().compile_extra(function)


class _Kernel(JITCodeLibrary):  # type: ignore[misc]
    """A kernel with its pieces, optimised once: numba's first time is for reference counts, which there are none of."""

    def _optimize_final_module(self) -> None:
        passes, builder = self._codegen._module_pass_manager()
        passes.run(self._final_module, builder)


class KernelCompiler(Compiler):  # type: ignore[misc]
    """numba's compiler for a function that pieces are linked into."""

    def compile_extra(self, function: Callable[..., Any]) -> Any:
        self.state.library = _Kernel(self.state.targetctx.codegen(), function.__qualname__)
        self.state.library.enable_object_caching()
        return super().compile_extra(function)


class _Stage(CPUDispatcher):  # type: ignore[misc]
    """A piece: other compiled functions call it, and Python through a function of its own."""

    def __init__(self, function: Callable[..., Any], inlined: bool) -> None:
        options = {"nopython": True, "nogil": True, "_nrt": False, "forceinline": inlined}
        without_entries = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
        super().__init__(function, targetoptions=options | without_entries, pipeline_class=_PieceCompiler)

    def add_overload(self, result: Any) -> None:
        """Other compiled functions find a piece by its entry, so something stands for it."""
        result = result._replace(entry_point=object())
        self.targetctx.insert_user_function(result.entry_point, result.fndesc, [result.library])
        self.overloads[tuple(result.signature.args)] = result

    def __call__(self, *arguments: Any) -> Any:
        return self._entry(*arguments)

    @cached_property
    def _entry(self) -> Any:
        piece = self

        @numba.njit(nogil=True)
        def enter(*arguments):
            return piece(*arguments)

        return enter


def inlined(function: Callable[..., Any]) -> Any:
    """Compile a piece that is inlined by force."""
    return function if numba.config.DISABLE_JIT else _Stage(function, inlined=True)


def outlined(function: Callable[..., Any]) -> Any:
    """Compile a piece that few runs need: its code stays out of the loop that all runs go through."""
    return function if numba.config.DISABLE_JIT else _Stage(function, inlined=False)


inlined_in_python = numba.njit(nogil=True, _nrt=False, inline="always")
