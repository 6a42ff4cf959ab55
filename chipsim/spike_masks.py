"""Spikes as bits: which neurons of a layer fired at a step, sixteen to a mask, and back to the list of rows they drive.

A layer's masks are `fired` (n_words, S, T, 4) uint16: bit i of fired[w, s, t, q] is neuron 64 w + 16 q + i at step t of
window s. Four masks side by side are a word; words come first, so that threads write to memory apart from each other.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic
from numba.np.arrayobj import make_array
from numpy.typing import NDArray

from chipsim.jit import kernel, stage
from chipsim.memory import aligned
from learning_circuit.rows import LANES, FloatArray

_NEURONS_PER_WORD = 64
_MASKS_PER_WORD = 4


def new_masks(n_windows: int, steps: int, n_neurons: int) -> NDArray[np.uint16]:
    """Masks in which no neuron fires."""
    return aligned((-(-n_neurons // _NEURONS_PER_WORD), n_windows, steps, _MASKS_PER_WORD), np.uint16)


def spikes_of(fired: NDArray[np.uint16], neurons: tuple[int, ...]) -> NDArray[np.uint8]:
    """Spikes (S, T, k) of some neurons, 0 or 1."""
    numbers = np.array(neurons, np.int64)
    words, masks = numbers // _NEURONS_PER_WORD, numbers % _NEURONS_PER_WORD // LANES
    chosen = fired[words, :, :, masks]  # (k, S, T)
    bits = chosen >> (numbers % LANES).astype(np.uint16)[:, None, None] & 1
    return np.ascontiguousarray(np.moveaxis(bits, 0, 2), np.uint8)


@intrinsic
def _nonzero(context, values, start):
    """A mask of which of values[start:start + LANES] (float32) are not zero."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array = FloatArray(context, builder, signature.args[0], arguments[0])
        vector = array.vectors(arguments[1]).load(0)
        differ = builder.fcmp_unordered("!=", vector, ir.Constant(vector.type, [0.0] * LANES))
        return builder.bitcast(differ, ir.IntType(LANES))

    return types.uint16(values, types.uint64), generate


@intrinsic
def _store_numbers(context, rows, at, first, mask):
    """Write first + the numbers of the bits that are set to rows[at:]; what follows within LANES entries is spoilt."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        lanes = ir.VectorType(ir.IntType(32), LANES)
        chosen = ir.VectorType(ir.IntType(1), LANES)
        name, kind = f"llvm.experimental.vector.compress.v{LANES}i32", ir.FunctionType(lanes, [lanes, chosen, lanes])
        compress = cgutils.get_or_insert_function(builder.module, kind, name)
        numbers = ir.Constant(lanes, list(range(LANES)))
        packed = builder.call(
            compress, [numbers, builder.bitcast(arguments[3], chosen), ir.Constant(lanes, ir.Undefined)]
        )
        one = builder.insert_element(ir.Constant(lanes, ir.Undefined), arguments[2], ir.IntType(32)(0))
        every = builder.shuffle_vector(one, one, ir.Constant(lanes, [0] * LANES))
        data = make_array(signature.args[0])(context, builder, arguments[0]).data
        place = builder.bitcast(builder.gep(data, [arguments[1]]), lanes.as_pointer())
        builder.store(builder.add(packed, every), place, align=4)
        return context.get_dummy_value()

    return types.void(rows, types.uint64, types.int32, types.uint16), generate


@intrinsic
def _population(context, mask):
    """How many bits are set."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return types.uint16(types.uint16), generate


@stage
def store_spikes(fired, s, t, first, spiked):
    """Keep the spikes of a block at step t of window s. spiked: (n,) float32, 0 or 1; first: its first neuron."""
    for v in range(np.uint64(len(spiked)) // np.uint64(LANES)):
        mask = np.uint64(first) // np.uint64(LANES) + v
        fired[mask // np.uint64(_MASKS_PER_WORD), s, t, mask % np.uint64(_MASKS_PER_WORD)] = _nonzero(
            spiked, v * np.uint64(LANES)
        )


@stage
def spikes_in_window(fired, s, first, n):
    """How often n neurons from `first` on fired in window s."""
    total = np.int64(0)
    for mask in range(first // LANES, -(-(first + n) // LANES)):
        for t in range(fired.shape[2]):
            total += np.int64(_population(fired[mask // _MASKS_PER_WORD, s, t, mask % _MASKS_PER_WORD]))
    return total


@kernel
def gather_events(fired, rows, begin, end, start, stop):
    """Turn the masks of windows start .. stop - 1 into the row lists of `Events`.

    No branch depends on a spike. `rows` needs room for LANES more entries than spikes.
    """
    for s in range(start, stop):
        mine = rows[s]
        k = np.uint64(0)
        for t in range(fired.shape[2]):
            begin[s, t] = np.int32(k)
            for w in range(fired.shape[0]):
                masks = fired[w, s, t]
                for q in range(_MASKS_PER_WORD):
                    _store_numbers(mine, k, np.int32(_NEURONS_PER_WORD * w + LANES * q), masks[q])
                    k += np.uint64(_population(masks[q]))
            end[s, t] = np.int32(k)
