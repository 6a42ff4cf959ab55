"""Lays a layer out as blocks of columns that threads can run side by side, and reads it back.

A block is as narrow as keeps its neurons' state in the fastest cache while rows of synapses stream through it, and
has arrays of its own: where two cores have halves of one row, each reading ahead would keep taking the other's half
away (measured: two threads slower than one). Arrays are as wide as whole vectors. The columns that pad them have no
weight, never reach their threshold and never open. Columns are the last axis of every array; a layer on an image has
one more in front (see `chipsim.layout.position_views`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chipsim.layout.fields import FieldPlaces, paddings
from chipsim.layout.tables import CodedSynapses, ColumnBlock, PulseTables, SynapseState, SynapseTables
from chipsim.simd import LANES, aligned, placed

COLUMNS_OF_A_BLOCK = 64
_TABLES_PLACE = 1  # of a memory page, see `placed`; what a kernel works in begins at place 8


def padded_width(n_columns: int) -> int:
    """The width of `n_columns` in whole vectors."""
    return -(-n_columns // LANES) * LANES


def column_ranges(n_columns: int) -> list[tuple[int, int]]:
    """A layer's columns, a range per block."""
    return list(pairwise([*range(0, n_columns, COLUMNS_OF_A_BLOCK), n_columns]))


def split(layer: ColumnBlock, places: FieldPlaces) -> list[ColumnBlock]:
    """Copies of a layer's columns in padded blocks."""
    return [_cut(layer, first, last, places) for first, last in column_ranges(int(layer.n_columns))]


def padded(layer: ColumnBlock, places: FieldPlaces) -> ColumnBlock:
    """A copy of a whole layer as one block, where columns see each other."""
    return _cut(layer, 0, int(layer.n_columns), places)


def joined(blocks: list[ColumnBlock]) -> tuple[SynapseTables, SynapseState]:
    """Copies of a layer's synapses, put together from its blocks, without padding."""

    def whole(of: Callable[[ColumnBlock], NDArray[Any]]) -> NDArray[Any]:
        return np.concatenate([of(block)[..., : block.n_columns] for block in blocks], axis=-1)

    tables, state = blocks[0].synapses, blocks[0].state
    coded = state.coded
    if tables.coded:
        coded = coded._replace(code=whole(lambda b: b.state.coded.code), residue=whole(lambda b: b.state.coded.residue))
    weight = whole(lambda b: b.state.weight)
    if tables.devices.size:
        gain = np.swapaxes(np.concatenate([block.synapses.devices[..., 0] for block in blocks], axis=-2), -1, -2)
    else:
        gain = whole(lambda b: b.synapses.gain)
    return tables._replace(gain=gain), state._replace(weight=weight, coded=coded)


def rewrite(block: ColumnBlock, tables: SynapseTables, state: SynapseState) -> ColumnBlock:
    """This block with the scales of `tables` and, copied into its arrays, its columns of a whole layer's `state`."""
    n, columns = block.n_columns, block.columns
    block.state.weight[..., :n] = state.weight[..., columns]
    if tables.coded:
        block.state.coded.code[..., :n] = state.coded.code[..., columns]
        block.state.coded.residue[..., :n] = state.coded.residue[..., columns]
    scales = {"lsb": tables.lsb, "bias_lsb": tables.bias_lsb, "full_scale": tables.full_scale}
    return block._replace(synapses=block.synapses._replace(**scales))


def lasting_of(blocks: list[ColumnBlock], places: FieldPlaces, dense: bool) -> dict[str, NDArray[Any]]:
    """Copies of the state that stays from window to window, by field: (n,), or (positions, n) of an image."""
    whole = {
        field.name: np.concatenate([block.lasting[:, row, : block.n_columns] for block in blocks], axis=-1)
        for row, field in enumerate(places.lasting)
    }
    return {name: values[0] if dense else values for name, values in whole.items()}


def put_lasting(blocks: list[ColumnBlock], places: FieldPlaces, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write what `lasting_of` has copied back into blocks of the same layer."""
    for row, field in enumerate(places.lasting):
        for block in blocks:
            block.lasting[:, row, : block.n_columns] = arrays[field.name][..., block.columns]


def padded_part(array: NDArray[Any], first: int, last: int, place: int = 0, padding: Any = 0.0) -> NDArray[Any]:
    """A copy of columns first .. last - 1, the last axis, in whole vectors. place: see `chipsim.simd.memory.placed`."""
    piece = placed(place, (*array.shape[:-1], padded_width(last - first)), array.dtype)
    piece[...] = padding
    piece[..., : last - first] = array[..., first:last]
    return piece


def _cut(layer: ColumnBlock, first: int, last: int, places: FieldPlaces) -> ColumnBlock:
    def part(array: NDArray[Any]) -> NDArray[Any]:
        return padded_part(array, first, last)

    synapses, state, circuit = layer.synapses, layer.state, layer.circuit
    coded: CodedSynapses = state.coded
    update: PulseTables = circuit.update
    gain, devices = part(synapses.gain), synapses.devices
    if update.imperfect and not synapses.coded:
        gain = gain[..., :0, :]
        *crossbars, n_rows, _ = state.weight.shape
        devices = aligned((*crossbars, last - first, n_rows, 2), np.float32)
        devices[..., 0] = np.swapaxes(synapses.gain[..., first:last], -1, -2)
        devices[..., 1] = np.swapaxes(update.gain[..., first:last], -1, -2)
    if synapses.coded:
        coded = coded._replace(code=part(coded.code), residue=part(coded.residue))
    return ColumnBlock(
        first=np.int64(first),
        n_columns=np.int64(last - first),
        synapses=synapses._replace(gain=gain, devices=devices),
        state=state._replace(weight=part(state.weight), coded=coded),
        tables=padded_part(layer.tables, first, last, _TABLES_PLACE, paddings(places.tables)),
        disturbances=padded_part(layer.disturbances, first, last),
        numbers=layer.numbers,
        lasting=part(layer.lasting),
        circuit=circuit._replace(
            update=update._replace(
                up=part(update.up),
                down=part(update.down),
                gain=part(update.gain),
                cycle=part(update.cycle),
                noise=part(update.noise),
            ),
        ),
        registers=part(layer.registers),
    )
