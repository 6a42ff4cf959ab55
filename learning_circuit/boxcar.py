"""The boxcar gate: only a membrane near the threshold lets updates pass (Eq. 8 of Yang et al. 2022)."""

from __future__ import annotations

from typing import Any

from learning_circuit.number import N


def inside_boxcar(membrane: N, low_edge: N, high_edge: N) -> Any:
    """Whether low_edge < U < high_edge (in units of the threshold), both edges excluded.

    Ideal edges are th - p/2 and th + p/2. The 1/p of Eq. 8 is part of the learning rate.
    """
    return (membrane > low_edge) & (membrane < high_edge)
