"""What of a layer's blocks changes in a die's life, as named arrays, and back into blocks.

Of layer N: ``layerN.weight``; of few-bit weights ``code``, ``residue`` and ``lsb``, of weight and bias; ``full_scale``
where anything depends on it; and every field that lasts a life. Of unipolar synapses ``kept`` besides, 0 where one is
pruned.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chipsim.layout.column_blocks import joined, lasting_of, put_lasting, rewrite
from chipsim.layout.fields import FieldPlaces
from chipsim.layout.tables import ColumnBlock
from chipsim.layout.targets import Snapshot


def layer_to_arrays(number: int, blocks: list[ColumnBlock], places: FieldPlaces, dense: bool) -> Snapshot:
    """Copies. number: of the layer, from 1; dense: arrays of neurons have no axis of positions."""
    tables, state = joined(blocks)
    arrays: Snapshot = {"weight": state.weight, **lasting_of(blocks, places, dense)}
    if _has_scale(blocks):
        arrays["full_scale"] = np.array([tables.full_scale], np.float32)
    if tables.coded:
        arrays |= {"code": state.coded.code, "residue": state.coded.residue}
        arrays["lsb"] = np.array([tables.lsb, tables.bias_lsb], np.float32)
    return {f"layer{number}.{name}": array for name, array in arrays.items()}


def layer_from_arrays(
    number: int, blocks: list[ColumnBlock], places: FieldPlaces, arrays: Mapping[str, NDArray[Any]]
) -> list[ColumnBlock]:
    """The blocks with what `layer_to_arrays` has copied written into their arrays."""
    prefix = f"layer{number}."
    mine = {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}
    tables, state = blocks[0].synapses, blocks[0].state
    coded = state.coded
    if _has_scale(blocks):
        [scale] = mine["full_scale"]
        tables = tables._replace(full_scale=scale)
    if tables.coded:
        lsb, bias_lsb = mine["lsb"]
        tables = tables._replace(lsb=lsb, bias_lsb=bias_lsb)
        coded = coded._replace(code=mine["code"], residue=mine["residue"])
    state = state._replace(weight=mine["weight"], coded=coded)
    put_lasting(blocks, places, mine)
    return [rewrite(block, tables, state) for block in blocks]


def _has_scale(blocks: list[ColumnBlock]) -> bool:
    """Whether anything depends on a layer's full scale, which is chosen when it is programmed."""
    return bool(blocks[0].circuit.update.imperfect or blocks[0].circuit.reads)


def prune_block(block: ColumnBlock, gain: NDArray[np.float32], kept: NDArray[np.uint8]) -> None:
    """Let the synapses of a block deliver and take nothing where they are not kept; those that are, have their gain.

    gain: (rows + 1, columns) as fabricated, of the whole layer; kept: (rows, columns), likewise.
    """
    n, here = block.n_columns, block.columns
    left = np.ones((len(kept) + 1, n), np.float32)
    left[:-1] = kept[:, here]
    gains = gain[:, here] * left
    if block.synapses.devices.size:
        block.synapses.devices[:, :, 0] = gains.T
    else:
        block.synapses.gain[:, :n] = gains
    block.state.weight[:, :n] *= left
    if block.synapses.coded:
        block.state.coded.code[:, :n] *= left.astype(np.int16)
        block.state.coded.residue[:, :n] *= left.astype(np.int16)
