"""Which of sixteen neighbouring values are not zero, as the bits of a mask: one comparison instead of sixteen."""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from learning_circuit.jit import stage
from learning_circuit.rows import LANES, FloatArray


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
    """How many bits of a uint16 are set."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return types.uint16(types.uint16), generate


@stage
def count_nonzero(values):
    """How many of values (n,) float32 are not zero; n is a multiple of LANES."""
    count = np.int64(0)
    for start in range(np.uint64(0), np.uint64(len(values)), np.uint64(LANES)):
        count += np.int64(population(nonzero(values, start)))
    return count
