"""Which of sixteen neighbouring values are not zero, as the bits of a mask; and lists of what a mask chooses.

No branch depends on a value.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic
from numba.np.arrayobj import make_array

from chipsim.simd.jit import inlined
from chipsim.simd.row_tiles import LANES, FloatArray

_NARROW, _WIDE = 16, 32  # bits of a row number
_EIGHT = LANES // 2
# For each choice of eight lanes: the chosen ones, the lowest first, filled up with the first lane.
_CHOSEN_LANES = [
    [*(chosen := [lane for lane in range(_EIGHT) if choice >> lane & 1]), *[0] * (_EIGHT - len(chosen))]
    for choice in range(1 << _EIGHT)
]


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
        bits = target.dtype.bitwidth
        pack = _pack_of(context, bits)
        lanes = LANES if pack is _compressed else LANES // 2
        some = ir.VectorType(ir.IntType(bits), lanes)

        def place(kind: Any, array: Any, index: Any) -> Any:
            data = make_array(kind)(context, builder, array).data
            return builder.bitcast(builder.gep(data, [index]), some.as_pointer())

        to, source_at, chosen = arguments[1], arguments[3], arguments[4]
        for first in range(0, LANES, lanes):
            mine = builder.trunc(builder.lshr(chosen, chosen.type(first)), ir.IntType(lanes))
            begin = builder.add(source_at, source_at.type(first))
            values = builder.load(place(source, arguments[2], begin), align=bits // 8)
            builder.store(pack(builder, values, mine), place(target, arguments[0], to), align=bits // 8)
            to = builder.add(to, builder.zext(builder.ctpop(mine), to.type))
        return context.get_dummy_value()

    return types.void(target, types.uint64, source, types.uint64, types.uint16), generate


def _pack_of(context: Any, bits: int) -> Callable[[Any, Any, Any], Any]:
    """How the processor that is compiled for brings the chosen ones of a vector to its front.

    Sixteen at once takes AVX-512; without it, the compiler would take them one by one through memory. Eight at once
    are looked up: for each of 256 choices, which lanes go where.
    """
    features = context.codegen().magic_tuple()[2].split(",")
    if "+avx512f" not in features:
        if bits == _NARROW and "+ssse3" in features:
            return _shuffled_bytes
        if bits == _WIDE and "+avx2" in features:
            return _permuted
    return _compressed


def _compressed(builder: Any, values: Any, chosen: Any) -> Any:
    lanes = ir.VectorType(ir.IntType(_WIDE), LANES)
    choice = ir.VectorType(ir.IntType(1), LANES)
    name = f"llvm.experimental.vector.compress.v{LANES}i32"
    compress = cgutils.get_or_insert_function(builder.module, ir.FunctionType(lanes, [lanes, choice, lanes]), name)
    wide, unset = builder.zext(values, lanes), ir.Constant(lanes, ir.Undefined)
    return builder.trunc(builder.call(compress, [wide, builder.bitcast(chosen, choice), unset]), values.type)


def _shuffled_bytes(builder: Any, values: Any, chosen: Any) -> Any:
    some = ir.VectorType(ir.IntType(8), 2 * _EIGHT)
    shuffle = cgutils.get_or_insert_function(
        builder.module, ir.FunctionType(some, [some, some]), "llvm.x86.ssse3.pshuf.b.128"
    )
    bytes_of = [[2 * lane + half for lane in lanes for half in (0, 1)] for lanes in _CHOSEN_LANES]
    control = _looked_up(builder, "chosen_bytes", bytes_of, chosen)
    return builder.bitcast(builder.call(shuffle, [builder.bitcast(values, some), control]), values.type)


def _permuted(builder: Any, values: Any, chosen: Any) -> Any:
    permute = cgutils.get_or_insert_function(
        builder.module, ir.FunctionType(values.type, [values.type, values.type]), "llvm.x86.avx2.permd"
    )
    lanes = builder.zext(_looked_up(builder, "chosen_lanes", _CHOSEN_LANES, chosen), values.type)
    return builder.call(permute, [values, lanes])


def _looked_up(builder: Any, name: str, table: list[list[int]], chosen: Any) -> Any:
    """The bytes that a table has for a choice of eight."""
    row = ir.VectorType(ir.IntType(8), len(table[0]))
    content = ir.Constant(ir.ArrayType(row, len(table)), [ir.Constant(row, each) for each in table])
    rows = cgutils.global_constant(builder, name, content)
    return builder.load(builder.gep(rows, [ir.IntType(64)(0), builder.zext(chosen, ir.IntType(64))], inbounds=True))


@inlined
def store_chosen(target, at, source, start, mask):
    """Write those of source[start : start + LANES] whose bit is set in `mask` to target[at:]; returns the place after.

    Both arrays are of one unsigned or positive integer type of 16 or 32 bits. What follows in `target`, up to LANES
    entries from `at`, is spoilt.
    """
    _store(target, at, source, start, mask)
    return at + np.uint64(population(mask))
