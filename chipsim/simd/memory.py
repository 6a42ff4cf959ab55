"""Arrays that begin where the processor likes them to."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

CACHE_LINE_BYTES = 64
_PAGE_BYTES = 4096
_PLACE_BYTES = 256


def aligned(shape: tuple[int, ...], dtype: Any) -> NDArray[Any]:
    """A zeroed C-contiguous array of this shape and type that begins on a cache line.

    So a block of sixteen float32 columns never shares a line with another's.
    """
    return _beginning_at(0, CACHE_LINE_BYTES, shape, dtype)


def placed(place: int, shape: tuple[int, ...], dtype: Any) -> NDArray[Any]:
    """As `aligned`, and at place 0 to 15 of a memory page.

    A processor that loads soon after a store compares the low twelve bits of their addresses first. Where they are
    the same it waits for the store, even if it was to another array: a neuron's step took four times as long. So
    arrays that a loop writes get places of their own.
    """
    return _beginning_at(place * _PLACE_BYTES, _PAGE_BYTES, shape, dtype)


def _beginning_at(offset: int, modulo: int, shape: tuple[int, ...], dtype: Any) -> NDArray[Any]:
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    raw = np.zeros(size + modulo, np.uint8)
    start = (offset - raw.ctypes.data) % modulo
    table: NDArray[Any] = raw[start : start + size].view(dtype).reshape(shape)
    return table
