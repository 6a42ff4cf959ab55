"""The rows that a step writes, listed once for all of its open columns."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic
from numba.np.arrayobj import make_array

from chipsim.simd.jit import inlined
from chipsim.simd.lanes import Lanes, Sequence, repeated
from chipsim.simd.row_tiles import LANES

_ONE = np.float32(1)
_INT = ir.IntType(32)


class ListedRows(NamedTuple):
    """Rows that spiked, then the bias, all arrays (k,) with room for all rows in whole vectors.

    The last vector is filled up with the bias again: whoever writes sixteen rows at once loads them all before storing
    any, so the bias gets the same value twice.
    """

    rows: Any  # int32
    places: Any  # int32, where a row begins in the synapse array
    amplitude: Any  # float32, of a constant current; 1 for a spike or a bias
    # Of the column that is being written, all float32:
    normal: Any  # N(0, 1), if its writes are noisy
    weight: Any  # what its synapses deliver
    gain: Any
    step: Any  # by which they move, without noise


def room_for_rows(n_rows: int) -> ListedRows:
    """For as many rows as a layer has, bias included."""
    n = -(-n_rows // LANES) * LANES
    rows, places = np.zeros((2, n), np.int32)
    return ListedRows(rows, places, np.ones(n, np.float32), *np.zeros((4, n), np.float32))


@intrinsic
def _list_sixteen(context, listed_rows, places, rows, start, count, at, bias, width):
    """`count` of `rows` from `start` on, at most sixteen, filled up with the bias, into the places from `at` on."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        start, count, at, bias, width = values[3:]
        element = context.get_data_type(signature.args[2].dtype)
        kind, chosen = ir.VectorType(element, LANES), ir.VectorType(ir.IntType(1), LANES)
        data = make_array(signature.args[2])(context, builder, values[2]).data
        place = builder.bitcast(builder.gep(data, [start]), kind.as_pointer())
        bits = builder.sub(builder.shl(_INT(1), builder.trunc(count, _INT)), _INT(1))
        mask = builder.bitcast(builder.trunc(bits, ir.IntType(LANES)), chosen)
        fill = repeated(builder, builder.trunc(bias, element) if element.width < bias.type.width else bias).value
        function = ir.FunctionType(kind, [place.type, _INT, chosen, kind])
        load = cgutils.get_or_insert_function(builder.module, function, f"llvm.masked.load.v{LANES}i{element.width}.p0")
        row = builder.call(load, [place, _INT(element.width // 8), mask, fill])
        row = Lanes(builder, builder.zext(row, ir.VectorType(_INT, LANES)) if element.width < _INT.width else row)
        targets = (Sequence(context, builder, *pair) for pair in zip(signature.args[:2], values[:2], strict=True))
        for target, value in zip(targets, (row, row * repeated(builder, width)), strict=True):
            target.store(at, value)
        return context.get_dummy_value()

    place, number = types.uint64, types.int32
    return types.void(listed_rows, places, rows, place, place, place, number, number), generate


@inlined
def list_rows(listed, rows, amplitude, begin, end, weight):
    """List rows[begin:end] and the bias, the last row of `weight`. Returns how many.

    rows: of 16 or 32 bits; amplitude: (k,) float32 beside rows, or (0,) for spikes.
    """
    width, bias = np.int32(weight.shape[1]), np.int32(len(weight) - 1)
    n, first, lanes = np.uint64(end - begin), np.uint64(begin), np.uint64(LANES)
    for at in range(np.uint64(0), n + np.uint64(1), lanes):
        _list_sixteen(listed.rows, listed.places, rows, first + at, min(n - at, lanes), at, bias, width)
    given = n if len(amplitude) > 0 else np.uint64(0)
    for k in range(given):
        listed.amplitude[k] = amplitude[first + k]
    for k in range(given, (n // lanes + np.uint64(1)) * lanes):  # where another update may have left its own
        listed.amplitude[k] = _ONE
    return np.int64(n) + 1
