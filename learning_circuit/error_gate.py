"""How a neuron's error becomes an update: its size and sign (linear), or its sign alone (sign, ternary).

Every gate works on the difference of two counters, d = y t - C in counts: the accumulated target less the spike count.
Eqs. 9 and 11 of Yang et al. 2022 (arXiv 2210.04532) use y - C / t = d / t. Gates that pass a sign compare the counters
and need no t; the linear one passes d / t, for which a circuit would have to divide. All but sign have a dead zone,
which is a comparison of counters, too.
"""

from __future__ import annotations

from learning_circuit.number import N

# (slope, step size): the update is slope * d / t + step size * sign(d), and nothing while |d| is inside the dead zone.
SLOPE_AND_STEP = {"linear": (1.0, 0.0), "sign": (0.0, 1.0), "ternary": (0.0, 1.0)}


def gated_error(difference: N, per_step: N, slope: N, step_size: N, dead_zone: N) -> N:
    """What the gate lets through of an error.

    difference: y t - C in counts; per_step: 1 / t; dead_zone: in counts, at least 0; an error of just that size is
    still inside, so that the sign of no error at all does not matter.
    """
    size = slope * (difference * per_step) + step_size.with_sign_of(difference)
    passed: N = (abs(difference) > dead_zone).where(size, 0.0)
    return passed
