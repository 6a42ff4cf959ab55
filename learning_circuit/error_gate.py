"""How a neuron's error becomes an update: its size and sign (linear), its sign, or its sign outside a dead zone.

The chip compares two counters, the accumulated target y t and the spike count C, rather than dividing by t:
d = y t - C, in counts. Eqs. 9 and 11 of Yang et al. 2022 (arXiv 2210.04532) use y - C / t = d / t.
"""

from __future__ import annotations

from typing import Any

from numba.core import types
from numba.extending import intrinsic

from learning_circuit.jit import stage
from learning_circuit.lanes import Lanes

# (slope, pulse): the update is slope * d / t + pulse * sign(d), and nothing while |d| is inside the dead zone.
SLOPE_AND_PULSE = {"linear": (1.0, 0.0), "sign": (0.0, 1.0), "ternary": (0.0, 1.0)}


def gated_error(difference: Lanes, per_step: Lanes, slope: Lanes, pulse: Lanes, dead_zone: Lanes) -> Lanes:
    """What the gate lets through of an error.

    difference: y t - C in counts; per_step: 1 / t; dead_zone: in counts, at least 0; an error of just that size is
    still inside, so that the sign of no error at all does not matter.
    """
    size = slope * (difference * per_step) + pulse.with_sign_of(difference)
    return (abs(difference) > dead_zone).where(size, 0.0)


@intrinsic
def _error_gate(context, difference, per_step, slope, pulse, dead_zone):
    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return gated_error(*(Lanes(builder, value) for value in values)).value

    return types.float32(*[types.float32] * 5), generate


@stage
def error_gate(difference, per_step, slope, pulse, dead_zone):
    """`gated_error` of one neuron, all float32."""
    return _error_gate(difference, per_step, slope, pulse, dead_zone)
