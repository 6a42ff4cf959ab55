"""Adds to and from rows of a synapse array with the columns held in vector registers.

The compiler would load and store the columns again for every few rows. Here sixteen columns are a vector, a tile of
up to sixteen vectors stays in registers while all rows pass, and every synapse is read once. Each column is summed
strictly from left to right, so that its bits depend neither on tiles nor on how columns are split over threads.

Arrays: `columns` (n,) float32; `weight`, `gain` (n_rows, n) float32; `rows` (k,) of an integer type, of
which rows[start:stop] are meant, and `amplitude` (k,) float32 beside them. n is a multiple of LANES.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from llvmlite import binding as llvm
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic
from numba.np.arrayobj import make_array

from chipsim.simd.jit import inlined
from chipsim.simd.rolled_loops import keep_rolled

LANES = 16  # columns of a vector, whatever the processor's own vectors are
_INDEX = ir.IntType(64)
_VECTOR = ir.VectorType(ir.FloatType(), LANES)
_FLOAT_BYTES = 4


# Vectors that fit the registers: 32 of sixteen floats with AVX-512, else 16 to 32 of four to eight.
_WIDEST_TILE = 16 if llvm.get_host_cpu_features().get("avx512f") else 4
_TILE_OF_A_BLOCK = (
    4  # vectors of columns in a block of the chip, see chipsim.layout.column_blocks: more would only be compiled
)


class Vectors:
    """A run of neighbouring vectors in memory."""

    def __init__(self, builder: Any, pointer: Any) -> None:
        self._builder = builder
        self._pointer = pointer

    def _place(self, number: int) -> Any:
        place = self._builder.gep(self._pointer, [_INDEX(LANES * number)])
        return self._builder.bitcast(place, _VECTOR.as_pointer())

    def load(self, number: int) -> Any:
        return self._builder.load(self._place(number), align=_FLOAT_BYTES)

    def store(self, number: int, value: Any) -> None:
        self._builder.store(value, self._place(number), align=_FLOAT_BYTES)


class FloatArray:
    """A numba array of float32 inside generated code, its last axis being columns; the others count as one of rows."""

    def __init__(self, context: Any, builder: Any, kind: Any, value: Any) -> None:
        array = make_array(kind)(context, builder, value)
        self._builder = builder
        self._data = array.data
        self._shape = cgutils.unpack_tuple(builder, array.shape)

    def row_of(self, row: Any) -> Any:
        """`row`, or the only one there is."""
        single = self._builder.icmp_unsigned("==", self._shape[0], _INDEX(1))
        return self._builder.select(single, _INDEX(0), row)

    def last_row(self) -> Any:
        return self._builder.sub(self._shape[0], _INDEX(1))

    def vectors(self, column: Any) -> Vectors:
        """From `column` on, of a one-dimensional array."""
        return Vectors(self._builder, self._builder.gep(self._data, [column]))

    def row_vectors(self, row: Any, column: Any) -> Vectors:
        """From `column` of a row on."""
        start = self._builder.add(self._builder.mul(row, self._shape[-1]), column)
        return Vectors(self._builder, self._builder.gep(self._data, [start]))


def _for_each_row(builder: Any, start: Any, stop: Any, carried: list[Any], body: Callable[..., list[Any]]) -> list[Any]:
    """Generate `for k in range(start, stop): carried = body(k, carried)`; returns the last `carried`."""
    before = builder.block
    loop, done = builder.append_basic_block("rows"), builder.append_basic_block("rows_done")
    builder.cbranch(builder.icmp_unsigned("<", start, stop), loop, done)
    builder.position_at_end(loop)
    k = builder.phi(_INDEX)
    k.add_incoming(start, before)
    inside = [builder.phi(value.type) for value in carried]
    for phi, value in zip(inside, carried, strict=True):
        phi.add_incoming(value, before)
    after = body(k, inside)
    following = builder.add(k, _INDEX(1))
    k.add_incoming(following, builder.block)
    for phi, value in zip(inside, after, strict=True):
        phi.add_incoming(value, builder.block)
    last = builder.block
    keep_rolled(builder.module, builder.cbranch(builder.icmp_unsigned("<", following, stop), loop, done))
    builder.position_at_end(done)
    results = []
    for value, changed in zip(carried, after, strict=True):
        result = builder.phi(value.type)
        result.add_incoming(value, before)
        result.add_incoming(changed, last)
        results.append(result)
    return results


class Row(NamedTuple):
    """What a row shows to the columns of a tile."""

    weights: Vectors
    gains: Vectors
    amplitude: Any  # a vector of equal floats; None where rows carry spikes


_Visit = Callable[[Any, list[Any], Row], list[Any]]  # builder, registers, row


def _add(builder: Any, registers: list[Any], row: Row) -> list[Any]:
    return [builder.fadd(total, row.weights.load(v)) for v, total in enumerate(registers)]


def _add_graded(builder: Any, registers: list[Any], row: Row) -> list[Any]:
    delivered = [builder.fmul(row.amplitude, row.weights.load(v)) for v in range(len(registers))]
    return [builder.fadd(total, current) for total, current in zip(registers, delivered, strict=True)]


def _write(builder: Any, registers: list[Any], row: Row) -> list[Any]:
    for v, change in enumerate(registers):
        row.weights.store(v, builder.fadd(row.weights.load(v), change))
    return registers


def _write_times_gain(builder: Any, registers: list[Any], row: Row) -> list[Any]:
    for v, pulse in enumerate(registers):
        row.weights.store(v, builder.fadd(row.weights.load(v), builder.fmul(row.gains.load(v), pulse)))
    return registers


def _write_graded(builder: Any, registers: list[Any], row: Row) -> list[Any]:
    for v, pulse in enumerate(registers):
        change = builder.fmul(row.gains.load(v), builder.fmul(pulse, row.amplitude))
        row.weights.store(v, builder.fadd(row.weights.load(v), change))
    return registers


def _spread(builder: Any, value: Any) -> Any:
    """A vector of equal floats."""
    unset = ir.Constant(_VECTOR, ir.Undefined)
    first = builder.insert_element(unset, value, ir.IntType(32)(0))
    return builder.shuffle_vector(first, unset, ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES))


def _tile(vectors: int, visit: _Visit, constant_current: bool, from_bias: bool) -> Any:
    """Code that takes some vectors of `columns`, from `column` on, into registers and lets every row visit them.

    from_bias: they begin as the last row of `weight`.
    """

    @intrinsic
    def tile(context, columns, weight, gain, rows, amplitude, start, stop, column):
        def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            kinds_and_values = zip(signature.args[:3], values[:3], strict=True)
            columns, weight, gain = (FloatArray(context, builder, *each) for each in kinds_and_values)
            numbers, amplitudes = (make_array(signature.args[k])(context, builder, values[k]).data for k in (3, 4))
            start, stop, column = values[5:]
            places = columns.vectors(column)

            def one_row(k: Any, registers: list[Any]) -> list[Any]:
                number = builder.zext(builder.load(builder.gep(numbers, [k])), _INDEX)
                x = _spread(builder, builder.load(builder.gep(amplitudes, [k]))) if constant_current else None
                row = Row(weight.row_vectors(number, column), gain.row_vectors(gain.row_of(number), column), x)
                return visit(builder, registers, row)

            start_from = weight.row_vectors(weight.last_row(), column) if from_bias else places
            before = [start_from.load(v) for v in range(vectors)]
            for v, after in enumerate(_for_each_row(builder, start, stop, before, one_row)):
                if visit in (_add, _add_graded):
                    places.store(v, after)
            return context.get_dummy_value()

        index = types.uint64
        return types.void(columns, weight, gain, rows, amplitude, index, index, index), generate

    return tile


def _all_columns(visit: _Visit, widest: int, constant_current: bool = False, from_bias: bool = False) -> Any:
    """A stage that lets every row visit all columns: in tiles of `widest` vectors first, the rest in narrower ones."""

    @inlined
    def narrower(columns, weight, gain, rows, amplitude, start, stop, column):
        pass

    vectors = 1
    while vectors <= widest:
        narrower = _in_tiles(_tile(vectors, visit, constant_current, from_bias), np.uint64(vectors * LANES), narrower)
        vectors *= 2
    return narrower


def _in_tiles(tile: Any, width: np.uint64, narrower: Any) -> Any:
    @inlined
    def in_tiles(columns, weight, gain, rows, amplitude, start, stop, column):
        while column + width <= np.uint64(len(columns)):
            tile(columns, weight, gain, rows, amplitude, np.uint64(start), np.uint64(stop), column)
            column += width
        narrower(columns, weight, gain, rows, amplitude, start, stop, column)

    return in_tiles


_add_in_tiles = _all_columns(_add, _WIDEST_TILE)
_add_to_bias_in_tiles = _all_columns(_add, _TILE_OF_A_BLOCK, from_bias=True)
_add_graded_in_tiles = _all_columns(_add_graded, _TILE_OF_A_BLOCK, constant_current=True)
_write_in_tiles = _all_columns(_write, _TILE_OF_A_BLOCK)
_write_whole_rows_in_tiles = _all_columns(_write, _WIDEST_TILE)
_write_times_gain_in_tiles = _all_columns(_write_times_gain, _TILE_OF_A_BLOCK)
_write_graded_in_tiles = _all_columns(_write_graded, _TILE_OF_A_BLOCK, constant_current=True)
_FIRST = np.uint64(0)


@inlined
def add_rows(columns, weight, rows, start, stop):
    """columns_i += sum of weight[row, i]."""
    _add_in_tiles(columns, weight, weight, rows, columns, start, stop, _FIRST)


@inlined
def add_rows_to_bias(columns, weight, rows, start, stop):
    """columns_i = bias_i, the last row of weight, + sum of weight[row, i]."""
    _add_to_bias_in_tiles(columns, weight, weight, rows, columns, start, stop, _FIRST)


@inlined
def add_rows_graded(columns, weight, rows, amplitude, start, stop):
    """columns_i += sum of amplitude_k weight[row_k, i]; amplitude: float32, beside rows."""
    _add_graded_in_tiles(columns, weight, weight, rows, amplitude, start, stop, _FIRST)


@inlined
def write_rows(columns, weight, rows, start, stop):
    """weight[row, i] += columns_i. Rows are distinct."""
    _write_in_tiles(columns, weight, weight, rows, columns, start, stop, _FIRST)


@inlined
def write_whole_rows(columns, weight, rows, start, stop):
    """`write_rows`, at its fastest where there are many columns."""
    _write_whole_rows_in_tiles(columns, weight, weight, rows, columns, start, stop, _FIRST)


@inlined
def write_rows_times_gain(columns, weight, gain, rows, start, stop):
    """weight[row, i] += gain[row, i] columns_i. Rows are distinct."""
    _write_times_gain_in_tiles(columns, weight, gain, rows, columns, start, stop, _FIRST)


@inlined
def write_constant_current_rows(columns, weight, gain, rows, amplitude, start, stop):
    """weight[row_k, i] += gain[row_k, i] (columns_i amplitude_k). Rows are distinct; gain may be a single row."""
    _write_graded_in_tiles(columns, weight, gain, rows, amplitude, start, stop, _FIRST)
