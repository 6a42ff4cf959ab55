"""Formulas in generated code: `Lanes` reads like a number and stands for one, or for sixteen in a vector register.

The compiler's own vectors do not come where rows are picked from a list, nor with 32-bit integers. A formula over
Lanes is compiled as written: one operation each, in this order, nothing contracted.
"""

from __future__ import annotations

from copy import copy
from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import cgutils
from numba.np.arrayobj import make_array

from chipsim.simd.row_tiles import LANES

_INT = ir.IntType(32)
_SHORT = ir.IntType(16)
_INDEX = ir.IntType(64)
_FLOAT = ir.FloatType()
_DOUBLE = ir.DoubleType()


_KINDS = {np.float32: _FLOAT, np.float64: _DOUBLE, np.uint32: _INT}


class Lanes:
    """float32, float64 or uint32 values, their operations, and comparisons (False for what is not a number)."""

    def __init__(self, builder: Any, value: Any) -> None:
        self.builder = builder
        self.value = value

    def _kind(self) -> Any:
        """The type of one of them."""
        return getattr(self.value.type, "element", self.value.type)

    def _is_of_floats(self) -> bool:
        return self._kind() in (_FLOAT, _DOUBLE)

    def _with(self, name: str, other: Lanes | float) -> Lanes:
        """Instruction `name`, its form for floats where they are."""
        prefix = "f" if self._is_of_floats() else ""
        operation = getattr(self.builder, prefix + name)
        return type(self)(self.builder, operation(self.value, self.broadcast_like(other).value))

    def broadcast_like(self, other: Lanes | float) -> Lanes:
        """`other`, repeated if it is a single number."""
        kind = self.value.type
        vector = isinstance(kind, ir.VectorType)
        if not isinstance(other, Lanes):
            return type(self)(self.builder, ir.Constant(kind, [other] * kind.count if vector else other))
        if vector and not isinstance(other.value.type, ir.VectorType):
            return repeated(self.builder, other.value)
        return other

    def __add__(self, other: Lanes | float) -> Lanes:
        return self._with("add", other)

    def __sub__(self, other: Lanes | float) -> Lanes:
        return self._with("sub", other)

    def __mul__(self, other: Lanes | float) -> Lanes:
        return self._with("mul", other)

    def __radd__(self, other: float) -> Lanes:
        return self.broadcast_like(other) + self

    def __rsub__(self, other: float) -> Lanes:
        return self.broadcast_like(other) - self

    def __rmul__(self, other: float) -> Lanes:
        return self.broadcast_like(other) * self

    def __truediv__(self, other: Lanes | float) -> Lanes:
        return self._with("div", other)

    def __neg__(self) -> Lanes:
        return Lanes(self.builder, self.builder.fneg(self.value))

    def __xor__(self, other: Lanes | int) -> Lanes:
        return type(self)(self.builder, self.builder.xor(self.value, self.broadcast_like(other).value))

    def __and__(self, other: Lanes | int) -> Lanes:
        return type(self)(self.builder, self.builder.and_(self.value, self.broadcast_like(other).value))

    def __or__(self, other: Lanes | int) -> Lanes:
        return type(self)(self.builder, self.builder.or_(self.value, self.broadcast_like(other).value))

    def __lshift__(self, other: int) -> Lanes:
        return Lanes(self.builder, self.builder.shl(self.value, self.broadcast_like(other).value))

    def __rshift__(self, other: int) -> Lanes:
        return Lanes(self.builder, self.builder.lshr(self.value, self.broadcast_like(other).value))

    def __abs__(self) -> Lanes:
        """Of floats."""
        return self._library("llvm.fabs", self)

    def with_sign_of(self, other: Lanes) -> Lanes:
        """Of floats: their size, and the sign of `other`."""
        return self._library("llvm.copysign", self, self.broadcast_like(other))

    def sqrt(self) -> Lanes:
        return self._library("llvm.sqrt", self)

    def floor(self) -> Lanes:
        """Of floats."""
        return self._library("llvm.floor", self)

    def power_of_two(self) -> Lanes:
        """Of whole floats from -126 to 127: the bits of a float32's exponent."""
        return ((self + 127.0).astype(np.uint32) << 23).view(np.float32)

    def _library(self, name: str, *arguments: Lanes) -> Lanes:
        """One of the compiler's own functions of floats."""
        kind, of_one = self.value.type, "f64" if self._kind() == _DOUBLE else "f32"
        form = f"v{kind.count}{of_one}" if isinstance(kind, ir.VectorType) else of_one
        declared = ir.FunctionType(kind, [kind] * len(arguments))
        function = cgutils.get_or_insert_function(self.builder.module, declared, f"{name}.{form}")
        return Lanes(self.builder, self.builder.call(function, [each.value for each in arguments]))

    def __gt__(self, other: Lanes | float) -> Lanes:
        return Lanes(self.builder, self.builder.fcmp_ordered(">", self.value, self.broadcast_like(other).value))

    def __lt__(self, other: Lanes | float) -> Lanes:
        return Lanes(self.builder, self.builder.fcmp_ordered("<", self.value, self.broadcast_like(other).value))

    def __le__(self, other: Lanes | float) -> Lanes:
        return Lanes(self.builder, self.builder.fcmp_ordered("<=", self.value, self.broadcast_like(other).value))

    def __ge__(self, other: Lanes | float) -> Lanes:
        return Lanes(self.builder, self.builder.fcmp_ordered(">=", self.value, self.broadcast_like(other).value))

    def not_equal(self, other: Lanes | float) -> Lanes:
        compare = self.builder.fcmp_unordered if self._is_of_floats() else self.builder.icmp_unsigned
        return Lanes(self.builder, compare("!=", self.value, self.broadcast_like(other).value))

    def where(self, yes: Lanes, no: Lanes | float) -> Lanes:
        """Of a comparison: `yes` where it holds, else `no`."""
        return type(yes)(self.builder, self.builder.select(self.value, yes.value, yes.broadcast_like(no).value))

    def as_floats(self) -> Lanes:
        """Of a comparison: 1 where it holds, else 0. Floats as they are."""
        if self._kind() != ir.IntType(1):
            return self
        kind = ir.VectorType(_FLOAT, self.value.type.count) if isinstance(self.value.type, ir.VectorType) else _FLOAT
        return self.where(Lanes(self.builder, ir.Constant(kind, [1.0] * LANES if kind != _FLOAT else 1.0)), 0.0)

    def astype(self, dtype: Any) -> Lanes:
        """uint32 to float32, float32 of at least 0 to uint32: as numpy's, which is why it is called so."""
        change = self.builder.uitofp if dtype is np.float32 else self.builder.fptoui
        return Lanes(self.builder, change(self.value, self._as_many(dtype)))

    def whole(self) -> Integers:
        """Of whole floats that an int32 holds."""
        kind = self._as_many(np.uint32)
        return Integers(self.builder, self.builder.fptosi(self.value, kind))

    def in_double(self) -> Lanes:
        """Of float32."""
        return Lanes(self.builder, self.builder.fpext(self.value, self._as_many(np.float64)))

    def in_single(self) -> Lanes:
        """Of float64: the nearest float32."""
        return Lanes(self.builder, self.builder.fptrunc(self.value, self._as_many(np.float32)))

    def view(self, dtype: Any) -> Lanes:
        """The same bits as float32 or uint32."""
        return Lanes(self.builder, self.builder.bitcast(self.value, self._as_many(dtype)))

    def _as_many(self, dtype: Any) -> Any:
        """The type of as many float32, float64 or uint32."""
        kind, own = _KINDS[dtype], self.value.type
        return ir.VectorType(kind, own.count) if isinstance(own, ir.VectorType) else kind

    def concatenate(self, other: Lanes) -> Lanes:
        """Sixteen of these, then sixteen of `other`: in two registers, whose operations take turns."""
        order = ir.Constant(ir.VectorType(_INT, 2 * LANES), list(range(2 * LANES)))
        return Lanes(self.builder, self.builder.shuffle_vector(self.value, other.value, order))

    def split(self) -> tuple[Lanes, Lanes]:
        """What `concatenate` put together."""
        orders = (list(range(start, start + LANES)) for start in (0, LANES))
        constants = (ir.Constant(ir.VectorType(_INT, LANES), order) for order in orders)
        first, second = (Lanes(self.builder, self.builder.shuffle_vector(self.value, self.value, c)) for c in constants)
        return first, second

    def indices(self) -> list[Any]:
        """Sixteen uint32 as indices into a sequence."""
        lanes = (self.builder.extract_element(self.value, _INT(lane)) for lane in range(LANES))
        return [self.builder.zext(lane, _INDEX) for lane in lanes]

    def bits(self) -> Any:
        """Of a comparison of sixteen: a 16-bit integer, lowest bit first."""
        return self.builder.bitcast(self.value, ir.IntType(LANES))


class Integers(Lanes):
    """int32 values."""

    def __neg__(self) -> Integers:
        return Integers(self.builder, self.builder.neg(self.value))

    def __rlshift__(self, other: int) -> Integers:
        return Integers(self.builder, self.builder.shl(self.broadcast_like(other).value, self.value))

    def __lshift__(self, other: Lanes | int) -> Integers:
        return Integers(self.builder, self.builder.shl(self.value, self.broadcast_like(other).value))

    def __rshift__(self, other: Lanes | int) -> Integers:
        """Halved so many times, rounded down."""
        return Integers(self.builder, self.builder.ashr(self.value, self.broadcast_like(other).value))

    def __gt__(self, other: Lanes | float) -> Lanes:
        return Lanes(self.builder, self.builder.icmp_signed(">", self.value, self.broadcast_like(other).value))

    def __lt__(self, other: Lanes | float) -> Lanes:
        return Lanes(self.builder, self.builder.icmp_signed("<", self.value, self.broadcast_like(other).value))

    def astype(self, dtype: Any) -> Lanes:
        """float32."""
        return Lanes(self.builder, self.builder.sitofp(self.value, self._as_many(dtype)))

    def narrow(self) -> Lanes:
        """As int16, which hold them."""
        return Lanes(self.builder, self.builder.trunc(self.value, ir.VectorType(_SHORT, LANES)))

    @classmethod
    def of(cls, lanes: Lanes) -> Integers:
        """From int16 or int32."""
        return cls(lanes.builder, lanes.builder.sext(lanes.value, ir.VectorType(_INT, LANES)))


class Sequence:
    """A numba array of 16-bit or 32-bit elements, as one row."""

    def __init__(self, context: Any, builder: Any, kind: Any, value: Any) -> None:
        array = make_array(kind)(context, builder, value)
        self._builder = builder
        self._data = array.data
        self._shape = cgutils.unpack_tuple(builder, array.shape)

    def length(self) -> Any:
        """Of its first axis."""
        return self._shape[0]

    def last(self) -> Lanes:
        """The index of its last element, in all lanes."""
        index = self._builder.sub(self._shape[0], _INDEX(1))
        return repeated(self._builder, self._builder.trunc(index, _INT))

    def _vector(self, start: Any) -> Any:
        place = self._builder.gep(self._data, [start])
        return self._builder.bitcast(place, ir.VectorType(self._data.type.pointee, LANES).as_pointer())

    def _align(self) -> int:
        return 2 if self._data.type.pointee == _SHORT else 4

    def beginning_at(self, start: Any) -> Sequence:
        later = copy(self)
        later._data = self._builder.gep(self._data, [start])
        return later

    def everywhere(self, index: int) -> Lanes:
        """One element in all lanes."""
        return repeated(self._builder, self._builder.load(self._builder.gep(self._data, [_INDEX(index)])))

    def load(self, start: Any) -> Lanes:
        """Neighbours from `start` on."""
        return Lanes(self._builder, self._builder.load(self._vector(start), align=self._align()))

    def store(self, start: Any, lanes: Lanes) -> None:
        self._builder.store(lanes.value, self._vector(start), align=self._align())

    def indices(self, start: Any) -> list[Any]:
        """Sixteen neighbours, as indices into another sequence."""
        return [self.index(start, lane) for lane in range(LANES)]

    def index(self, start: Any, lane: int) -> Any:
        """One of them."""
        place = self._builder.gep(self._data, [self._builder.add(start, _INDEX(lane))])
        return self._builder.zext(self._builder.load(place), _INDEX)

    def gather(self, indices: list[Any]) -> Lanes:
        """One load each: a processor's own gather instruction is slower on some and never much faster."""
        vector = ir.Constant(ir.VectorType(self._data.type.pointee, LANES), ir.Undefined)
        for lane, index in enumerate(indices):
            value = self._builder.load(self._builder.gep(self._data, [index]))
            vector = self._builder.insert_element(vector, value, _INT(lane))
        return Lanes(self._builder, vector)

    def gather_pairs(self, indices: list[Any]) -> tuple[Lanes, Lanes]:
        """Of float32 that come in pairs, the firsts and the seconds of some; a pair is one load."""
        double = ir.DoubleType()  # of the size of a pair, whatever it means
        pairs = self._builder.bitcast(self._data, double.as_pointer())
        halves = []
        for some in (indices[: LANES // 2], indices[LANES // 2 :]):
            vector = ir.Constant(ir.VectorType(double, LANES // 2), ir.Undefined)
            for lane, index in enumerate(some):
                pair = self._builder.load(self._builder.gep(pairs, [index]), align=4)
                vector = self._builder.insert_element(vector, pair, _INT(lane))
            halves.append(self._builder.bitcast(vector, ir.VectorType(_FLOAT, LANES)))
        every_other = [ir.Constant(ir.VectorType(_INT, LANES), list(range(at, 2 * LANES, 2))) for at in (0, 1)]
        first, second = (self._builder.shuffle_vector(*halves, mask) for mask in every_other)
        return Lanes(self._builder, first), Lanes(self._builder, second)

    def scatter(self, indices: Sequence, start: Any, lanes: Lanes) -> None:
        """To the places in sixteen neighbours of `indices`, each read in its turn: there are few registers."""
        for lane in range(LANES):
            value = self._builder.extract_element(lanes.value, _INT(lane))
            self._builder.store(value, self._builder.gep(self._data, [indices.index(start, lane)]))


def sequences(context: Any, builder: Any, kinds: Any, values: Any) -> list[Sequence]:
    """Arrays that a piece of generated code was given."""
    return [Sequence(context, builder, *pair) for pair in zip(kinds, values, strict=True)]


def repeated(builder: Any, scalar: Any) -> Lanes:
    """One value in all sixteen lanes."""
    kind = ir.VectorType(scalar.type, LANES)
    first = builder.insert_element(ir.Constant(kind, ir.Undefined), scalar, _INT(0))
    everywhere = ir.Constant(ir.VectorType(_INT, LANES), [0] * LANES)
    return Lanes(builder, builder.shuffle_vector(first, ir.Constant(kind, ir.Undefined), everywhere))


def first_lanes(builder: Any, count: Any) -> Lanes:
    """A comparison of sixteen that holds in the first `count`, an int64 of any size."""
    numbers = Lanes(builder, ir.Constant(ir.VectorType(_FLOAT, LANES), [float(k) for k in range(LANES)]))
    return numbers < repeated(builder, builder.sitofp(count, _FLOAT))
