"""What belongs to one crossbar of a layer: its synapses and their drivers, as views.

Arrays of crossbars are (K, rows, n) and those of their drivers (K, n), K being the crossbars of an image, one for all
positions or one for each; a dense layer has one. What belongs to a position is a row of an array with an axis of
positions, see `chipsim.layout.fields`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from chipsim.layout.tables import CodedSynapses, ColumnBlock, PulseTables, SynapseState, SynapseTables
from chipsim.simd import inlined_in_python


class CrossbarView(NamedTuple):
    """One crossbar's part of a block."""

    synapses: SynapseTables
    state: SynapseState
    update: PulseTables


def with_crossbars(block: ColumnBlock) -> ColumnBlock:
    """A dense layer's block as an image's of one crossbar: the same memory."""
    synapses, state, update = block.synapses, block.state, block.circuit.update
    coded = state.coded
    return block._replace(
        synapses=synapses._replace(gain=synapses.gain[None], devices=synapses.devices[None]),
        state=state._replace(
            weight=state.weight[None],
            coded=coded._replace(code=coded.code[None], residue=coded.residue[None]),
        ),
        circuit=block.circuit._replace(
            update=update._replace(
                up=update.up[None],
                down=update.down[None],
                gain=update.gain[None],
                cycle=update.cycle[None],
                noise=update.noise[None],
            )
        ),
    )


@inlined_in_python
def crossbar_at(block, p):
    """The crossbar of position p, or of all."""
    k = min(np.uint64(p), np.uint64(len(block.state.weight) - 1))  # a signed index would be looked at, if negative
    synapses, state, coded, update = block.synapses, block.state, block.state.coded, block.circuit.update
    return CrossbarView(
        SynapseTables(
            synapses.gain[k],
            synapses.devices[k],
            synapses.coded,
            synapses.lsb,
            synapses.bias_lsb,
            synapses.full_scale,
        ),
        SynapseState(
            state.weight[k],
            CodedSynapses(coded.code[k], coded.residue[k], coded.top_code, coded.accumulator_bits),
        ),
        PulseTables(
            update.imperfect,
            update.temporal,
            update.up[k],
            update.down[k],
            update.gain[k],
            update.cycle[k],
            update.noise[k],
            update.step_up,
            update.step_down,
            update.bounded,
            update.key,
        ),
    )


@inlined_in_python
def row_at(table, p, number):
    """Row `number` of position p of a table that may be kept once."""
    return table[min(np.uint64(p), np.uint64(len(table) - 1)), number]
