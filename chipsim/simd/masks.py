"""Which of sixteen neighbouring values are not zero, as the bits of a mask; and lists of what a mask chooses.

No branch depends on a value.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic
from numba.np.arrayobj import make_array

from chipsim.simd.jit import inlined
from chipsim.simd.row_tiles import LANES, FloatArray


@intrinsic
def nonzero(context, values, start):
    """A uint16 whose bit i tells whether values[start + i], float32, is not zero."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array = FloatArray(context, builder, signature.args[0], arguments[0])
        vector = array.vectors(arguments[1]).load(0)
        differ = builder.fcmp_unordered("!=", vector, ir.Constant(vector.type, [0.0] * LANES))
        return builder.bitcast(differ, ir.IntType(LANES))

    return types.uint16(values, types.uint64), generate


@intrinsic
def population(context, mask):
    """How many bits of an unsigned integer are set."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return mask(mask), generate


@intrinsic
def _store(context, target, at, source, start, mask):
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        element = context.get_data_type(target.dtype)
        stored, lanes = ir.VectorType(element, LANES), ir.VectorType(ir.IntType(32), LANES)
        chosen = ir.VectorType(ir.IntType(1), LANES)

        def place(kind: Any, array: Any, index: Any) -> Any:
            data = make_array(kind)(context, builder, array).data
            return builder.bitcast(builder.gep(data, [index]), stored.as_pointer())

        values = builder.load(place(source, arguments[2], arguments[3]), align=element.width // 8)
        values = builder.zext(values, lanes)
        name = f"llvm.experimental.vector.compress.v{LANES}i32"
        compress = cgutils.get_or_insert_function(builder.module, ir.FunctionType(lanes, [lanes, chosen, lanes]), name)
        bits = builder.bitcast(arguments[4], chosen)
        packed = builder.call(compress, [values, bits, ir.Constant(lanes, ir.Undefined)])
        packed = builder.trunc(packed, stored)
        builder.store(packed, place(target, arguments[0], arguments[1]), align=element.width // 8)
        return context.get_dummy_value()

    return types.void(target, types.uint64, source, types.uint64, types.uint16), generate


@inlined
def store_chosen(target, at, source, start, mask):
    """Write those of source[start : start + LANES] whose bit is set in `mask` to target[at:]; returns the place after.

    Both arrays are of one unsigned or positive integer type of 16 or 32 bits. What follows in `target`, up to LANES
    entries from `at`, is spoilt.
    """
    _store(target, at, source, start, mask)
    return at + np.uint64(population(mask))
