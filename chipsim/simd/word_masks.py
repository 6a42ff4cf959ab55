"""Which of sixteen neighbouring words have a bit in common with a mask, as the bits of a number. No branch."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic
from numba.np.arrayobj import make_array

from chipsim.simd.row_tiles import LANES


@intrinsic
def marked(context, words, start, bits):
    """A uint16 whose bit i tells whether words[start + i] & bits is not zero. words: uint16, start a multiple of 16."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        vector = ir.VectorType(ir.IntType(16), LANES)
        place = builder.gep(make_array(signature.args[0])(context, builder, arguments[0]).data, [arguments[1]])
        loaded = builder.load(builder.bitcast(place, vector.as_pointer()), align=2)
        one = builder.insert_element(ir.Constant(vector, ir.Undefined), arguments[2], ir.IntType(32)(0))
        nowhere = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
        common = builder.and_(loaded, builder.shuffle_vector(one, ir.Constant(vector, ir.Undefined), nowhere))
        return builder.bitcast(builder.icmp_unsigned("!=", common, ir.Constant(vector, [0] * LANES)), ir.IntType(LANES))

    return types.uint16(words, types.uint64, types.uint16), generate
