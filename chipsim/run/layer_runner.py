"""Runs blocks of a layer's columns: chooses the kernel that fits the layer, and keeps the room that it works in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from chipsim.design import LayerShape
from chipsim.die import FabricatedLayer
from chipsim.kernel import (
    infer_block,
    infer_image,
    infer_image_in_registers,
    infer_undisturbed,
    infers_image_in_registers,
    infers_undisturbed,
    learn_block,
    learn_image,
    learn_image_in_registers,
    learn_noisy,
    learn_open_columns,
    learn_undisturbed,
    learns_image_in_registers,
    learns_in_open_columns,
    learns_plainly,
    new_positions,
)
from chipsim.layout import (
    COUNTERS,
    ColumnBlock,
    Events,
    Fields,
    Record,
    column_ranges,
    fields_of,
    new_neuron_state,
    new_neuron_states,
    padded_part,
    room_for_fields,
)

Room = tuple[Any, ...]  # working state that a kernel takes, in its order


class Windows(NamedTuple):
    """Windows start .. stop - 1 of a chunk, and what is taught in them."""

    numbers: NDArray[np.int64]  # (S,)
    targets: NDArray[np.float32] | None  # (S, places), None: weights rest
    rates: NDArray[np.float32] | None  # (S,)
    start: int
    stop: int


class LayerRun:
    """One layer of a die, whatever its weights."""

    def __init__(self, shape: LayerShape, fabricated: FabricatedLayer) -> None:
        self._shape = shape
        self._rooms: defaultdict[tuple[int, Any, bool], list[Room]] = defaultdict(list)  # nobody works in them
        self._fields: list[Fields] = []
        if not shape.dense:
            whole = fields_of(shape, fabricated.drive_gain)
            self._fields = [
                whole._replace(drive_gain=padded_part(fabricated.drive_gain, first, last))
                for first, last in column_ranges(shape.columns)
            ]

    def run(
        self,
        block: ColumnBlock,
        number: int,
        events: Events,
        below: NDArray[np.int32],
        record: Record,
        windows: Windows,
    ) -> NDArray[np.int64]:
        """Run some windows through block `number` of the layer; returns the COUNTERS.

        below: where the masks behind the events begin (see `chipsim.layout.spike_bits`), none if the host sent them.
        """
        learns = windows.targets is not None and self._shape.learns
        counters = np.zeros(len(COUNTERS), np.int64)
        seen = (events,) if self._shape.dense else (self._fields[number], events, below)
        training = (windows.targets, windows.rates) if learns else ()
        constant_current = len(events.amplitude) > 0
        watched = len(record.signals.neurons) > 0 or len(record.reading.codes) > 0
        kernel = self._kernel(block, number, constant_current, learns, watched)
        with self._room(block, kernel, constant_current, events.begin.shape[1]) as room:
            kernel(block, *seen, record, windows.numbers, *training, *room, counters, windows.start, windows.stop)
        return counters

    def _kernel(self, block: ColumnBlock, number: int, constant_current: bool, learns: bool, watched: bool) -> Any:
        """watched: something is noted of the windows besides what a host always gets."""
        if not self._shape.dense:
            return self._kernel_of_images(block, self._fields[number], learns, watched)
        if not watched and not constant_current:
            if learns and learns_plainly(block):
                noisy = block.neurons.noisy
                return learn_noisy if noisy else learn_undisturbed
            if learns and learns_in_open_columns(block):
                return learn_open_columns
            if not learns and infers_undisturbed(block):
                return infer_undisturbed
        return learn_block if learns else infer_block

    def _kernel_of_images(self, block: ColumnBlock, fields: Fields, learns: bool, watched: bool) -> Any:
        if not learns:
            in_registers = not watched and infers_image_in_registers(block, fields)
            return infer_image_in_registers if in_registers else infer_image
        in_registers = not watched and learns_image_in_registers(block, fields)
        return learn_image_in_registers if in_registers else learn_image

    @contextmanager
    def _room(self, block: ColumnBlock, kernel: Any, constant_current: bool, steps: int) -> Iterator[Room]:
        """One that nobody works in: while weights rest, other windows may run at the same time."""
        free = self._rooms[int(block.first), kernel, constant_current]
        try:
            room = free.pop()  # the one used last, still in the cache
        except IndexError:
            room = self._new_room(block, kernel, constant_current, steps)
        yield room
        free.append(room)

    def _new_room(self, block: ColumnBlock, kernel: Any, constant_current: bool, steps: int) -> Room:
        shape, n = self._shape, block.state.weight.shape[-1]
        if shape.dense:
            return (new_neuron_state(n, shape.n_in, steps),)
        learns = kernel in (learn_image_in_registers, learn_image)
        seen = room_for_fields(shape, steps, constant_current, shape.positions if constant_current and learns else 1)
        if not learns:
            return (new_neuron_states(2, n, shape.rows), seen)
        together = shape.positions if shape.crossbars == 1 else 1  # positions take each step in turn
        if kernel is learn_image_in_registers:
            columns: Any = new_positions(block, together)
        else:
            columns = new_neuron_states(together, n, shape.rows)
        return (columns, seen, np.zeros(together, np.int64))
