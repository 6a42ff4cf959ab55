"""Asks the processor for the next window's events while the current one runs.

A window's events are a few KiB at a place of their own, too short for the processor to notice that they follow each
other: without a hint each window starts by waiting for memory.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic
from numba.np.arrayobj import make_array

from chipsim.simd.jit import inlined

_LINE_BYTES = 64


@intrinsic
def _prefetch(_typing: Any, array: Any, row: Any, place: Any) -> Any:
    """Bring array[row, place] and what shares its cache line nearer; never reads, so any place is allowed."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = signature.args[0]
        held = make_array(kind)(context, builder, arguments[0])
        _, width = cgutils.unpack_tuple(builder, held.shape)
        start = builder.mul(arguments[1], width)
        address = builder.bitcast(
            builder.gep(held.data, [builder.add(start, arguments[2])]), ir.IntType(8).as_pointer()
        )
        number = ir.IntType(32)
        fetch = cgutils.get_or_insert_function(
            builder.module,
            ir.FunctionType(ir.VoidType(), [address.type, number, number, number]),
            "llvm.prefetch.p0i8",
        )
        for_reading, near, data = number(0), number(2), number(1)
        builder.call(fetch, [address, for_reading, near, data])
        return context.get_dummy_value()

    return types.void(array, types.int64, types.int64), generate


@inlined
def prefetch_window(rows, end, s):
    """The rows of window s, if there is one; see chipsim.layout.tables.Events. Nothing is expected of `end`."""
    if s < len(end):
        per_line = _LINE_BYTES // rows.itemsize
        for place in range(0, min(np.int64(end[s, -1]), np.int64(rows.shape[1])), per_line):
            _prefetch(rows, s, place)
