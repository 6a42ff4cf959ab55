"""Room for results, used again once nobody holds them any more."""

from __future__ import annotations

import weakref

import numpy as np
from numpy.typing import NDArray

from chipsim.simd.memory import aligned

_MOST_TOO_LARGE = 2  # times: a small result should not keep a large room


class BufferPool:
    """Hands out float32 arrays that begin on a cache line.

    New memory comes page by page, each with a fault: for the results of a chunk that was 3 % of learning. An array
    may be kept as long as one likes; its room is handed out again when it and all its views are gone.
    """

    def __init__(self) -> None:
        self._free: list[NDArray[np.float32]] = []

    def take(self, shape: tuple[int, ...]) -> NDArray[np.float32]:
        """An array of this shape with anything in it."""
        size = int(np.prod(shape))
        fitting = [i for i, room in enumerate(self._free) if size <= len(room) <= _MOST_TOO_LARGE * size]
        if fitting:
            room = self._free.pop(min(fitting, key=lambda i: len(self._free[i])))
        else:
            room = aligned((size,), np.float32)
        # Over a memoryview, and not the room itself, it is the array that its views keep alive.
        array = np.frombuffer(memoryview(room), np.float32, size)  # type: ignore[arg-type]
        weakref.finalize(array, self._free.append, room).atexit = False
        return array.reshape(shape)
