"""Stores that the compiler leaves alone.

It makes scatters of a loop that stores to places it has just worked out, and a scatter takes the processor longer than
the stores one by one.
"""

from __future__ import annotations

from typing import Any

from numba.core import types
from numba.extending import intrinsic
from numba.np.arrayobj import make_array


@intrinsic
def store_scalar(context, array, place, value):
    """array[place] = value, of 32 bits."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        held = make_array(signature.args[0])(context, builder, values[0])
        builder.store_atomic(values[2], builder.gep(held.data, [values[1]]), "monotonic", 4)
        return context.get_dummy_value()

    return types.void(array, types.uint64, types.int32), generate
