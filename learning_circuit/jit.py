"""How the pieces of kernels are compiled: for speed, at the price of two promises.

- No reference counts (numba's ``_nrt=False``): those of shared arrays are atomic and cost more than a row of a
  crossbar. The promise: a piece allocates nothing.
- No aliasing: the compiler need not check at every call whether arrays overlap. The promise: an array that a piece
  writes overlaps no other argument.

The interpreter lock is released. The chip's cycle compiles these pieces in and keeps the result on disk.
"""

from __future__ import annotations

from typing import Any

import numba
from numba.core.compiler import Compiler


class _NoAlias(Compiler):  # type: ignore[misc]
    """numba's compiler with its ``noalias`` flag up, for which it has no decorator option."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.state.flags.noalias = True


stage = numba.njit(nogil=True, _nrt=False, pipeline_class=_NoAlias, forceinline=True)
# For what few runs need: its code stays out of the loop that all runs go through.
rare_stage = numba.njit(nogil=True, _nrt=False, pipeline_class=_NoAlias)
inlined_stage = numba.njit(nogil=True, _nrt=False, inline="always")
