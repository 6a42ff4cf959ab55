"""Runs blocks of a layer's columns: asks for the kernel that fits, and keeps the room that it works in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from chipsim.design import LayerShape
from chipsim.die import FabricatedLayer
from chipsim.execution.probe import ProbeSignals, signals_of
from chipsim.kernel import Plan, kernel_for, looks_on, new_state, plan_of, shown_fields
from chipsim.layout import (
    COUNTERS,
    ColumnBlock,
    Events,
    Record,
    fields_of,
    room_for_fields,
    with_crossbars,
)
from chipsim.neurons import formulas_of
from learning_circuit import Rows

_NO_TARGETS, _NO_MOMENTS = np.zeros((0, 0), np.float32), np.zeros((0, 2), np.float32)


class Windows(NamedTuple):
    """Presentations start .. stop - 1 of a chunk, of L windows each, and what is taught in them."""

    numbers: NDArray[np.int64]  # (S,)
    targets: NDArray[np.float32] | None  # (S L, slots), None: weights rest
    moments: NDArray[np.float32] | None  # (S, 2), learning rate and broadcast
    start: int
    stop: int


class _Asked(NamedTuple):
    """What decides, of one layer, which kernel runs."""

    constant_current: bool
    probed: bool
    learns: bool
    coded: bool
    imperfect: bool
    continues: bool


class LayerRun:
    """One layer of a die, whatever its weights."""

    def __init__(self, shape: LayerShape, fabricated: FabricatedLayer, rows: tuple[Rows, ...]) -> None:
        """rows: of the learning rule's updates."""
        self._shape, self._fabricated, self._rows = shape, fabricated, rows
        self.shown = shown_fields(fabricated.neuron, fabricated.rule, len(rows))  # by probes
        quiet = {field.name for field in shown_fields(fabricated.neuron, None, 0)}
        self._learned = [field.name for field in self.shown if field.name not in quiet]
        self._fields = fields_of(shape)
        self._plans: dict[_Asked, Plan] = {}  # found once: a piece of work is short
        self._wholes: dict[int, tuple[ColumnBlock, ColumnBlock]] = {}  # by its first column a block, and its view
        self._rooms: defaultdict[tuple[int, _Asked], list[tuple[Any, Any]]] = defaultdict(list)  # nobody's now

    def run(
        self, block: ColumnBlock, events: Events, below: NDArray[np.int32], record: Record, windows: Windows
    ) -> NDArray[np.int64]:
        """Run some windows through a block of the layer; returns the COUNTERS.

        below: where the masks behind the events begin (see `chipsim.layout.spike_bits`), none if the host sent them.
        """
        asked = _Asked(
            len(events.amplitude) > 0,
            looks_on(record),
            windows.moments is not None and self._shape.learns,
            bool(block.synapses.coded),
            bool(block.circuit.update.imperfect),
            record.count.shape[1] > 1,
        )
        plan = self._plan(block, asked)
        targets = _NO_TARGETS if windows.targets is None else windows.targets
        moments = _NO_MOMENTS if windows.moments is None else windows.moments
        training = (targets, moments) if plan.learns else (_NO_TARGETS, _NO_MOMENTS)
        counters = np.zeros(len(COUNTERS), np.int64)
        with self._room(block, plan, asked, events.begin.shape[1]) as (state, seen):
            kernel_for(plan)(
                *(self._whole(block), self._fields, events, below, record, windows.numbers, *training),
                *(state, seen, counters, windows.start, windows.stop),
            )
        return counters

    def signals(self, record: Record) -> ProbeSignals:
        """What a probe has seen."""
        return signals_of(record.probed, self.shown, self._learned)

    def _plan(self, block: ColumnBlock, asked: _Asked) -> Plan:
        if asked not in self._plans:
            fabricated = self._fabricated
            self._plans[asked] = plan_of(
                block,
                formulas_of(fabricated.neuron),
                fabricated.rule.name,
                self._rows,
                competes=fabricated.neuron.competes,
                image=not self._shape.dense,
                constant_current=asked.constant_current,
                probed=asked.probed,
                learns=asked.learns,
                continues=asked.continues,
            )
        return self._plans[asked]

    def _whole(self, block: ColumnBlock) -> ColumnBlock:
        """The block with its axis of crossbars."""
        if not self._shape.dense:
            return block
        known = self._wholes.get(int(block.first))
        if known is None or known[0] is not block:
            known = self._wholes[int(block.first)] = block, with_crossbars(block)
        return known[1]

    @contextmanager
    def _room(self, block: ColumnBlock, plan: Plan, asked: _Asked, steps: int) -> Iterator[tuple[Any, Any]]:
        """One that nobody works in: while weights rest, other windows may run at the same time."""
        free = self._rooms[int(block.first), asked]
        try:
            room = free.pop()  # the one used last, still in the cache
        except IndexError:
            room = self._new_room(block, plan, asked.constant_current, steps)
        yield room
        free.append(room)

    def _new_room(self, block: ColumnBlock, plan: Plan, constant: bool, steps: int) -> tuple[Any, Any]:
        shape = self._shape
        at_once = shape.positions if plan.learns and shape.crossbars == 1 else 1  # positions that take turns at a step
        state = new_state(plan, self.shown, at_once, block.state.weight.shape[-1], shape.rows, steps)
        kept = 1 if shape.dense or not constant else shape.positions
        return state, room_for_fields(shape, steps, constant, kept)
