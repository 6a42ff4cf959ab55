"""The boxcar gate: only a membrane near the threshold lets updates pass (Eq. 8 of Yang et al. 2022)."""

from __future__ import annotations

from typing import Any

from numba.core import types
from numba.extending import intrinsic

from learning_circuit.jit import stage
from learning_circuit.lanes import Lanes


def inside_boxcar(membrane: Lanes, low_edge: Lanes, high_edge: Lanes) -> Lanes:
    """Whether low_edge < U < high_edge (in units of the threshold), both edges excluded.

    Ideal edges are th - p/2 and th + p/2. The 1/p of Eq. 8 is part of the learning rate.
    """
    return (membrane > low_edge) & (membrane < high_edge)


@intrinsic
def _boxcar(context, membrane, low_edge, high_edge):
    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return inside_boxcar(*(Lanes(builder, value) for value in values)).value

    return types.boolean(*[types.float32] * 3), generate


@stage
def boxcar(membrane, low_edge, high_edge):
    """`inside_boxcar` for one neuron, all float32."""
    return _boxcar(membrane, low_edge, high_edge)
