"""Arrays as the bytes that travel."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def bytes_view(array: NDArray[Any]) -> memoryview:
    """An array as bytes, little-endian, in row-major order; nothing is copied where it is so already."""
    flat = np.ascontiguousarray(array, array.dtype.newbyteorder("<")).reshape(-1)
    return memoryview(flat.view(np.uint8).data)
