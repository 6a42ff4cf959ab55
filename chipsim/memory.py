"""Arrays that begin on a cache line, so that a block of sixteen float32 columns never shares a line with another's."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

CACHE_LINE_BYTES = 64


def aligned(shape: tuple[int, ...], dtype: Any) -> NDArray[Any]:
    """A zeroed C-contiguous array of this shape and type that begins on a cache line."""
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    raw = np.zeros(size + CACHE_LINE_BYTES, np.uint8)
    offset = -raw.ctypes.data % CACHE_LINE_BYTES
    table: NDArray[Any] = raw[offset : offset + size].view(dtype).reshape(shape)
    return table
