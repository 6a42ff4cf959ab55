"""How a neuron's error becomes an update: its size and sign (linear), its sign, or its sign outside a dead zone.

The chip compares two counters, the accumulated target y t and the spike count C, rather than dividing by t:
d = y t - C, in counts. Eqs. 9 and 11 of Yang et al. 2022 (arXiv 2210.04532) use y - C / t = d / t.
"""

from __future__ import annotations

import numpy as np

from learning_circuit.jit import stage

# (slope, pulse): the update is slope * d / t + pulse * sign(d), and nothing while |d| is inside the dead zone.
SLOPE_AND_PULSE = {"linear": (1.0, 0.0), "sign": (0.0, 1.0), "ternary": (0.0, 1.0)}

_ZERO = np.float32(0)
_ONE = np.float32(1)


@stage
def error_gate(difference, per_step, slope, pulse, dead_zone):
    """Gated error of one neuron, float32.

    difference: y t - C in counts; per_step: 1 / t; dead_zone: in counts, an error of just that size is still inside.
    """
    sign = (_ONE if difference > _ZERO else _ZERO) - (_ONE if difference < _ZERO else _ZERO)
    gated = slope * (difference * per_step) + pulse * sign
    return gated if abs(difference) > dead_zone else _ZERO
