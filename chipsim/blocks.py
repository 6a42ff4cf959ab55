"""Splits a layer into blocks of columns that threads can learn side by side, and puts them together again.

A block has arrays of its own: halves of one row lie next to each other in memory, and a processor that reads ahead in
its half would keep taking the other core's half away from it (measured: two threads slower than one).
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chipsim.memory import CACHE_LINE_BYTES, aligned
from chipsim.tables import Block
from learning_circuit.update_accumulator import CodedSynapses

_COLUMNS_PER_LINE = CACHE_LINE_BYTES // 4


def column_ranges(n_columns: int, parts: int) -> list[tuple[int, int]]:
    """At most `parts` ranges of whole cache lines that cover all columns, as even as that allows."""
    lines = -(-n_columns // _COLUMNS_PER_LINE)
    n_ranges = max(1, min(parts, lines))
    edges = [min(n_columns, lines * i // n_ranges * _COLUMNS_PER_LINE) for i in range(n_ranges + 1)]
    return list(pairwise(edges))


def split(layer: Block, parts: int) -> list[Block]:
    """Copies of a layer's columns in at most `parts` blocks; the layer itself if one is enough."""
    ranges = column_ranges(layer.state.weight.shape[1], parts)
    return [layer] if len(ranges) == 1 else [_cut(layer, first, last) for first, last in ranges]


def join(layer: Block, blocks: list[Block]) -> None:
    """Copy what learning changed in the blocks back into the layer."""
    for block in blocks:
        if block is layer:
            return
        columns = slice(block.first, block.first + block.state.weight.shape[1])
        layer.state.weight[:, columns] = block.state.weight
        if layer.synapses.coded:
            layer.state.coded.code[:, columns] = block.state.coded.code
            layer.state.coded.residue[:, columns] = block.state.coded.residue


def _cut(layer: Block, first: int, last: int) -> Block:
    def part(array: NDArray[Any]) -> NDArray[Any]:
        piece = aligned((*array.shape[:-1], last - first), array.dtype)
        piece[...] = array[..., first:last]
        return piece

    synapses, state, neurons, circuit = layer.synapses, layer.state, layer.neurons, layer.circuit
    coded: CodedSynapses = state.coded
    if synapses.coded:
        coded = coded._replace(code=part(coded.code), residue=part(coded.residue))
    return Block(
        first=np.int64(first),
        synapses=synapses._replace(gain=part(synapses.gain)),
        state=state._replace(weight=part(state.weight), coded=coded),
        neurons=neurons._replace(
            decay=part(neurons.decay),
            threshold=part(neurons.threshold),
            reset_charge=part(neurons.reset_charge),
            noise=part(neurons.noise),
            read_noise=part(neurons.read_noise),
        ),
        circuit=circuit._replace(boxcar_low=part(circuit.boxcar_low), boxcar_high=part(circuit.boxcar_high)),
    )
