"""What generated code is put together from besides `Lanes`: registers, sums, loops, and tuples of arrays taken apart.

Here, so that no other room has to know the compiler's inside: a stage of a kernel asks for these by name.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from llvmlite import ir
from numba.core import cgutils
from numba.np.arrayobj import make_array

from chipsim.simd.lanes import Lanes
from chipsim.simd.lanes import Sequence as Elements
from chipsim.simd.rolled_loops import keep_rolled
from chipsim.simd.row_tiles import LANES

_INDEX = ir.IntType(64)
_FLOATS = ir.VectorType(ir.FloatType(), LANES)
_CHOICE = ir.VectorType(ir.IntType(1), LANES)  # a comparison of sixteen


class Register:
    """A vector that changes. The compiler finds a register for it, or else room on the stack."""

    def __init__(self, builder: Any, value: Any) -> None:
        self._builder = builder
        self._place = cgutils.alloca_once(builder, value.type)
        builder.store(value, self._place)

    @property
    def lanes(self) -> Lanes:
        return Lanes(self._builder, self._builder.load(self._place))

    @lanes.setter
    def lanes(self, lanes: Lanes) -> None:
        self._builder.store(lanes.value, self._place)


class Sum:
    """How often a comparison of sixteen holds, added up."""

    def __init__(self, builder: Any) -> None:
        self._builder = builder
        self._place = cgutils.alloca_once_value(builder, _INDEX(0))

    def add(self, holds: Lanes) -> None:
        more = population_of(self._builder, holds)
        self._builder.store(self._builder.add(self.value, more), self._place)

    @property
    def value(self) -> Any:
        return self._builder.load(self._place)


def population_of(builder: Any, holds: Lanes) -> Any:
    """How often a comparison of sixteen holds, as an index."""
    return builder.zext(builder.ctpop(holds.bits()), _INDEX)


def index(number: int) -> Any:
    return _INDEX(number)


def members(builder: Any, kind: Any, value: Any) -> Any:
    """A named tuple inside generated code, as one of (kind, value)."""
    return kind.instance_class(*zip(kind.types, cgutils.unpack_tuple(builder, value), strict=True))


def load(context: Any, builder: Any, array: tuple[Any, Any], place: Any) -> Lanes:
    """Neighbours from `place` on. array: (kind, value), of one axis."""
    return Elements(context, builder, *array).load(place)


def row_beginning(context: Any, builder: Any, array: tuple[Any, Any], row: Any) -> Any:
    """Where a row of an array of two axes begins. array: (kind, value)."""
    data, (_, width) = data_and_shape(context, builder, array)
    return builder.gep(data, [builder.mul(row, width)])


def data_and_shape(context: Any, builder: Any, array: tuple[Any, Any]) -> tuple[Any, list[Any]]:
    """Where an array's elements begin, and how long its axes are. array: (kind, value)."""
    kind, value = array
    made = make_array(kind)(context, builder, value)
    return made.data, cgutils.unpack_tuple(builder, made.shape)


def unpacked(builder: Any, value: Any) -> list[Any]:
    """The elements of a tuple."""
    return cgutils.unpack_tuple(builder, value)  # type: ignore[no-any-return]


def packed(builder: Any, values: Sequence[Any]) -> Any:
    """Numbers of one type as a tuple, which a piece returns."""
    return cgutils.pack_array(builder, values)


def zero_floats(builder: Any) -> Register:
    """Sixteen zeros."""
    return Register(builder, ir.Constant(_FLOATS, None))


def none_chosen(builder: Any) -> Register:
    """A comparison of sixteen that holds nowhere."""
    return Register(builder, ir.Constant(_CHOICE, None))


def no_lanes(builder: Any) -> Lanes:
    """A comparison of sixteen that holds nowhere, and never will."""
    return Lanes(builder, ir.Constant(_CHOICE, None))


def comparison(builder: Any, mask: Any) -> Lanes:
    """Sixteen bits, the lowest first, as the comparison that they came from."""
    return Lanes(builder, builder.bitcast(mask, _CHOICE))


def steps_loop(builder: Any, n: Any) -> Any:
    """Generate a loop over 0 .. n - 1, with what follows as its body."""
    return cgutils.for_range(builder, n)


def as_index(builder: Any, value: Any) -> Any:
    """An unsigned number of any width as an index."""
    return builder.zext(value, _INDEX)


@contextmanager
def rolled_loop(builder: Any, first: Any, last: Any) -> Iterator[Any]:
    """Generate a loop over first .. last - 1 that the compiler leaves as it is, with what follows as its body."""
    with cgutils.for_range_slice(builder, first, last, _INDEX(1)) as (k, _):
        yield k
        end = builder.block
    keep_rolled(builder.module, end.terminator)
