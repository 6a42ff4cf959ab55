"""Where generated code finds the fields of a block's columns, sixteen at a time: in memory, or held in registers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

from chipsim.layout import DISTURBANCES, ColumnBlock, FieldPlaces, NeuronState, row_of
from chipsim.simd import LANES, Lanes, Register, Sequence, data_and_shape, index
from learning_circuit import Field


class Columns(Protocol):
    """Vector v holds columns 16 v and up."""

    def fabricated(self, name: str, v: int) -> Lanes: ...

    def keeps(self, name: str) -> bool:
        """Whether a field of the state outlasts its step."""

    def load(self, name: str, v: int) -> Lanes: ...

    def store(self, name: str, v: int, lanes: Lanes) -> None: ...


class ColumnsInMemory:
    """OwnState that is loaded where a stage asks for it, and stored where a stage has changed it."""

    def __init__(
        self,
        context: Any,
        builder: Any,
        places: FieldPlaces,
        passing: tuple[Field, ...],
        block: ColumnBlock,
        state: NeuronState,
        position: tuple[Any, Any],
        width: Any,
        column: Any,
    ) -> None:
        """block, state: of (kind, value); passing: the fields of the state that the kernel has room for.

        position: its number, and where its state stands; width: columns of the block; column: the first of them.
        """
        p, q = position
        self._places, self._passing = places, passing
        self._builder, self._width, self._column = builder, width, column

        def rows(array: tuple[Any, Any], at: Any) -> Sequence:
            _, (length, n_rows, _) = data_and_shape(context, builder, array)
            at = builder.select(builder.icmp_unsigned("==", length, index(1)), index(0), at)  # or the only one
            start = builder.mul(at, builder.mul(n_rows, width))
            return Sequence(context, builder, *array).beginning_at(builder.add(start, column))

        self._tables, self._disturbances = rows(block.tables, p), rows(block.disturbances, p)
        self._lasting, self._state = rows(block.lasting, p), rows(state.state, q)
        self._numbers = Sequence(context, builder, *block.numbers)

    def _place(self, row: int, v: int) -> Any:
        return self._builder.add(self._builder.mul(index(row), self._width), index(LANES * v))

    def fabricated(self, name: str, v: int) -> Lanes:
        if _has(self._places.numbers, name):
            return self._numbers.everywhere(row_of(self._places.numbers, name))
        if _has(self._places.tables, name):
            return self._tables.load(self._place(row_of(self._places.tables, name), v))
        return self._disturbances.load(self._place(row_of(DISTURBANCES, name), v))

    def keeps(self, name: str) -> bool:
        return _has(self._passing, name) or _has(self._places.lasting, name)

    def _found(self, name: str, v: int) -> tuple[Sequence, Any]:
        if _has(self._places.lasting, name):
            return self._lasting, self._place(row_of(self._places.lasting, name), v)
        return self._state, self._place(row_of(self._passing, name), v)

    def load(self, name: str, v: int) -> Lanes:
        array, place = self._found(name, v)
        return array.load(place)

    def store(self, name: str, v: int, lanes: Lanes) -> None:
        array, place = self._found(name, v)
        array.store(place, lanes)


class ColumnsInRegisters:
    """OwnState that begins a window as its fields say and stays in registers until `leave`."""

    def __init__(self, builder: Any, memory: ColumnsInMemory, tables: Iterable[Field], vectors: int) -> None:
        """tables: what the stages of the loop ask for, loaded once; anything else is loaded where it is asked for."""
        self._memory, self._vectors = memory, range(vectors)
        self._tables = {(f.name, v): memory.fabricated(f.name, v) for f in tables for v in self._vectors}
        self._state: dict[tuple[str, int], Register] = {}
        for field in memory._passing:
            for v in self._vectors:
                start = memory.load(field.name, v).broadcast_like(field.start)
                self._state[field.name, v] = Register(builder, start.value)

    def fabricated(self, name: str, v: int) -> Lanes:
        return self._tables.get((name, v)) or self._memory.fabricated(name, v)

    def keeps(self, name: str) -> bool:
        return (name, 0) in self._state

    def load(self, name: str, v: int) -> Lanes:
        return self._state[name, v].lanes

    def store(self, name: str, v: int, lanes: Lanes) -> None:
        self._state[name, v].lanes = lanes

    def leave(self) -> None:
        """The window is over."""
        for (name, v), register in self._state.items():
            self._memory.store(name, v, register.lanes)


class Own:
    """The fabricated fields of sixteen columns by name, as a formula asks for them."""

    _columns: Columns
    _v: int

    def __init__(self, columns: Columns, v: int) -> None:
        self.__dict__.update(_columns=columns, _v=v)

    def __getattr__(self, name: str) -> Any:
        found = self._columns.fabricated(name, self._v)
        self.__dict__[name] = found
        return found


class OwnState:
    """The state of sixteen columns by name: read as a formula asks for it, kept where it has assigned to it."""

    _columns: Columns
    _v: int
    _changed: dict[str, Lanes]

    def __init__(self, columns: Columns, v: int) -> None:
        self.__dict__.update(_columns=columns, _v=v, _changed={})

    def __getattr__(self, name: str) -> Any:
        found = self._columns.load(name, self._v)
        self.__dict__[name] = found
        return found

    def __setattr__(self, name: str, value: Lanes) -> None:
        self.__dict__[name] = self._changed[name] = value

    def keep(self, if_: Lanes | None = None, whatever: Iterable[str] = ()) -> None:
        """if_: a bit; where it is not set only the fields called `whatever` are kept, and all others left alone."""
        for name, value in self._changed.items():
            if self._columns.keeps(name):
                kept = value.as_floats()
                if if_ is not None and name not in whatever:
                    kept = if_.where(kept, self._columns.load(name, self._v))
                self._columns.store(name, self._v, kept)

    def copy(self) -> OwnState:
        """To try what a formula would make of it."""
        other = OwnState(self._columns, self._v)
        other.__dict__.update({name: value for name, value in self.__dict__.items() if not name.startswith("_")})
        return other


def _has(fields: tuple[Field, ...], name: str) -> bool:
    return any(field.name == name for field in fields)
