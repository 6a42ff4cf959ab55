"""The random numbers of writes, for a column's listed rows at once and for a single write (see nonideality)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types
from numba.extending import intrinsic

from chipsim.random.write_words import STEP_BITS, mixed, normal
from chipsim.simd import LANES, Lanes, Sequence, inlined, repeated


@intrinsic
def _sixteen(context, normals, rows, start, step, word_a, word_b):
    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        normals, rows = (Sequence(context, builder, *pair) for pair in zip(signature.args[:2], values[:2], strict=True))
        step, word_a, word_b = (repeated(builder, value) for value in values[3:])
        places = (rows.load(values[2]) << STEP_BITS) + step
        normals.store(values[2], normal(mixed(places, word_a, word_b)))
        return context.get_dummy_value()

    word = types.uint32
    return types.void(normals, rows, types.uint64, word, word, word), generate


@intrinsic
def _one(context, row, step, word_a, word_b):
    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        row, step, word_a, word_b = (Lanes(builder, value) for value in values)
        return normal(mixed((row << STEP_BITS) + step, word_a, word_b)).value

    return types.float32(*[types.uint32] * 4), generate


@inlined
def normals_of_rows(normals, rows, n, step, word_a, word_b):
    """N(0, 1) for a column's writes into rows[:n] at `step`: normals (k,) float32, written in whole vectors.

    word_a, word_b: the column's words of the window, see `chipsim.random.write_words`.
    """
    for start in range(np.uint64(0), np.uint64(n), np.uint64(LANES)):
        _sixteen(normals, rows, start, np.uint32(step), word_a, word_b)


@inlined
def normal_of_write(row, step, word_a, word_b):
    """The same for a single row."""
    return _one(np.uint32(row), np.uint32(step), word_a, word_b)
