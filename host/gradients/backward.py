"""The way back through one step of a layer's neurons: what all gradients through time here are made of.

With L the loss and e = dL/dS what a spike is to blame for elsewhere, from the last step to the first:

    delta_i[t] = e_i[t] - r_i[t] dU_i[t+1]                        (1)   dL/dS, the way through the reset included
    dU_i[t]    = delta_i[t] dS/dU(U_i[t]) + k_i[t] dU_i[t+1]      (2)   dL/dU; 0 beyond the limits
    dI_i[t]    = dU_i[t] + b dI_i[t+1]                            (3)   dL/dI

k: what a step keeps of a membrane, a, or a (1 - S[t]) if the reset is to zero. r: what a spike takes from it at the
next step: th, or a U[t] if the reset is to zero; 0 where the way of an error through the reset is left out, as usual in
deep networks (Zenke and Vogels 2021, Neural Computation 33: it would have the error of a spike count against its own
cause). a, b: decays of membrane and synaptic current. dS/dU: see `host.gradients.surrogates`. The limits are those
between which a membrane says anything: at a rail it does not follow its input any more.

A layer's own leak and threshold move its loss by

    dL/da  = sum_t dU_i[t] (U_i[t-1] - c S_i[t-1])                (4)   c: th where it is taken off before the leak
    dL/dth = - sum_t (delta_i[t] dS/dU U_i[t] / th + dU_i[t] m S_i[t-1])        (5)

with m what dU[t] / dth is of a spike before: 1, a if the threshold is taken off before the leak, 0 if the membrane is
emptied. Eq. 5 is for distances relative to the threshold.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from chipsim.simd import inlined
from host.gradients.surrogates import passed_by

_ZERO = np.float32(0)
_ONE = np.float32(1)


class NeuronConstants(NamedTuple):
    """What the way back knows of n neurons: (n,) float32 each in the first lines, float32 scalars in the others."""

    decay: Any  # a
    threshold: Any  # th
    per_threshold: Any  # 1, or 1 / th where distances are relative
    reset_charge: Any  # r of a subtractive reset; 0 where the way through it is left out
    zero_reset: Any  # 1 if a spike empties the membrane, else 0
    through_reset: Any  # 1 if errors go through a reset to zero, else 0
    synaptic_decay: Any  # b
    height: Any  # h and s of the surrogate
    steepness: Any
    lower_limit: Any
    upper_limit: Any


@lru_cache
def step_back(surrogate: str) -> Any:
    """A piece: Eqs. 1 to 3 for a row of neurons.

    Of (later, current, error, count_error, seen, spiked, neurons), (n,) float32 all but the last. later, current: dU
    and dI of the step after, become those of this one; error, count_error: two parts of e; seen: what the surrogate
    looks at, U or the steps since the last spike; spiked: S of the step.
    """
    passed = passed_by(surrogate)

    @inlined
    def back(later, current, error, count_error, seen, spiked, neurons):
        height, steepness, b = neurons.height, neurons.steepness, neurons.synaptic_decay
        lower, upper = neurons.lower_limit, neurons.upper_limit
        for i in range(len(later)):
            u, a = seen[i], neurons.decay[i]
            kept = a * (_ONE - neurons.zero_reset * spiked[i])
            taken = neurons.reset_charge[i] + neurons.through_reset * neurons.zero_reset * a * u
            delta = error[i] + count_error[i] - taken * later[i]
            d = passed(delta, u, neurons.threshold[i], neurons.per_threshold[i], height, steepness) + kept * later[i]
            d = d if lower <= u <= upper else _ZERO
            later[i] = d
            current[i] = d + b * current[i]

    return back


@lru_cache
def threshold_slope(surrogate: str) -> Any:
    """A piece: the first term of Eq. 5 for a row of neurons, to be called before `step_back` moves on.

    Of (total, error, count_error, seen, membrane, later, neurons), as there; total: (n,) gets the term.
    """
    passed = passed_by(surrogate)

    @inlined
    def add(total, error, count_error, seen, membrane, later, neurons):
        height, steepness = neurons.height, neurons.steepness
        for i in range(len(total)):
            u, per = membrane[i], neurons.per_threshold[i]
            taken = neurons.reset_charge[i] + neurons.through_reset * neurons.zero_reset * neurons.decay[i] * u
            delta = error[i] + count_error[i] - taken * later[i]
            g = passed(delta, seen[i], neurons.threshold[i], per, height, steepness)
            total[i] -= g * u * per

    return add
