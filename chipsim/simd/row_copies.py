"""Copies of row numbers with a constant added, and of amplitudes, many at once.

A position's events are short stretches of the image's, of a length that nobody can foresee. A loop over them ends
with a branch that the processor guesses wrong; a copy of more numbers than are needed has no such branch.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic
from numba.np.arrayobj import make_array

from chipsim.simd.jit import inlined

AT_ONCE = 64  # a line of a kernel seldom sees more events in a step


def _some(context: Any, builder: Any, kind: Any, array: Any, index: Any) -> Any:
    """Where AT_ONCE entries begin, and the bytes of one."""
    data = make_array(kind)(context, builder, array).data
    vector = ir.VectorType(data.type.pointee, AT_ONCE)
    return builder.bitcast(builder.gep(data, [index]), vector.as_pointer()), kind.dtype.bitwidth // 8


@intrinsic
def _copy(context, target, at, source, start):
    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        to, _ = _some(context, builder, target, *values[:2])
        some, align = _some(context, builder, source, *values[2:])
        builder.store(builder.load(some, align=align), to, align=align)
        return context.get_dummy_value()

    return types.void(target, types.uint64, source, types.uint64), generate


@intrinsic
def _copy_shifted(context, target, at, source, start, shift):
    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        to, narrow_bytes = _some(context, builder, target, *values[:2])
        numbers, wide_bytes = _some(context, builder, source, *values[2:4])
        narrow = to.type.pointee
        rows = builder.load(numbers, align=wide_bytes)
        if narrow_bytes < wide_bytes:
            rows = builder.trunc(rows, narrow)
        elif narrow_bytes > wide_bytes:
            rows = builder.zext(rows, narrow)
        unset = ir.Constant(narrow, ir.Undefined)
        shift = builder.trunc(values[4], narrow.element)
        first = builder.insert_element(unset, shift, ir.IntType(32)(0))
        everywhere = ir.Constant(ir.VectorType(ir.IntType(32), AT_ONCE), [0] * AT_ONCE)
        builder.store(builder.add(rows, builder.shuffle_vector(first, unset, everywhere)), to, align=narrow_bytes)
        return context.get_dummy_value()

    return types.void(target, types.uint64, source, types.uint64, types.int64), generate


@inlined
def append_shifted(target, n, source, begin, end, shift):
    """target[n:] = source[begin:end] + shift. Returns the place after.

    Both arrays are of uint16 or int32. What follows in `target`, up to AT_ONCE entries, is spoilt.
    """
    k = np.uint64(begin)
    end = np.uint64(end)
    to = np.uint64(n) - k  # wraps around, and back again
    while k < end and k + np.uint64(AT_ONCE) <= np.uint64(len(source)):
        _copy_shifted(target, to + k, source, k, np.int64(shift))
        k += np.uint64(AT_ONCE)
    while k < end:  # the last few of a buffer
        target[to + k] = np.int64(source[k]) + np.int64(shift)
        k += np.uint64(1)
    return np.int64(to + end)


@inlined
def append(target, n, source, begin, end):
    """target[n:] = source[begin:end], of one type. What follows in `target`, up to AT_ONCE entries, is spoilt."""
    k = np.uint64(begin)
    end = np.uint64(end)
    to = np.uint64(n) - k
    while k < end and k + np.uint64(AT_ONCE) <= np.uint64(len(source)):
        _copy(target, to + k, source, k)
        k += np.uint64(AT_ONCE)
    while k < end:
        target[to + k] = source[k]
        k += np.uint64(1)
