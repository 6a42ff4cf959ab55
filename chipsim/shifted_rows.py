"""Copies of row numbers with a constant added, many at once.

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

from chipsim.jit import stage

AT_ONCE = 32  # row numbers; a line of a kernel seldom sees more events in a step


@intrinsic
def _copy(context, target, at, source, start, shift):
    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        def vectors(array: int, index: int) -> Any:
            data = make_array(signature.args[array])(context, builder, values[array]).data
            kind = ir.VectorType(data.type.pointee, AT_ONCE)
            return builder.bitcast(builder.gep(data, [values[index]]), kind.as_pointer())

        to, numbers = vectors(0, 1), vectors(2, 3)
        wide, narrow = numbers.type.pointee, to.type.pointee
        rows = builder.load(numbers, align=wide.element.width // 8)
        if narrow.element.width < wide.element.width:
            rows = builder.trunc(rows, narrow)
        elif narrow.element.width > wide.element.width:
            rows = builder.zext(rows, narrow)
        unset = ir.Constant(narrow, ir.Undefined)
        shift = builder.trunc(values[4], narrow.element)
        first = builder.insert_element(unset, shift, ir.IntType(32)(0))
        shifts = builder.shuffle_vector(
            first, unset, ir.Constant(ir.VectorType(ir.IntType(32), AT_ONCE), [0] * AT_ONCE)
        )
        builder.store(builder.add(rows, shifts), to, align=narrow.element.width // 8)
        return context.get_dummy_value()

    return types.void(target, types.uint64, source, types.uint64, types.int64), generate


@stage
def append_shifted(target, n, source, begin, end, shift):
    """target[n:] = source[begin:end] + shift. Returns the place after.

    Both arrays are of uint16 or int32. What follows in `target`, up to AT_ONCE entries, is spoilt.
    """
    k = np.uint64(begin)
    end = np.uint64(end)
    to = np.uint64(n) - k  # wraps around, and back again
    while k < end and k + np.uint64(AT_ONCE) <= np.uint64(len(source)):
        _copy(target, to + k, source, k, np.int64(shift))
        k += np.uint64(AT_ONCE)
    while k < end:  # the last few of a buffer
        target[to + k] = np.int64(source[k]) + np.int64(shift)
        k += np.uint64(1)
    return np.int64(to + end)
