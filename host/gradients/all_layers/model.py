"""What the host believes a layer does: the equations that it differentiates.

For columns i of a layer, input rows j and steps t, in units of the nominal threshold, a and th_i being the layer's own:

    I_i[t] = b I_i[t-1] + sum_j w_ji x_j[t] + bias_i                   (1)
    U_i[t] = a U_i[t-1] + I_i[t] - th_i S_i[t-1]                       (2)   subtractive reset; a th_i before the leak
    U_i[t] = a U_i[t-1] (1 - S_i[t-1]) + I_i[t]                        (2')  reset to zero
    S_i[t] = step(U_i[t] - th_i)                                       (3)

with U kept between the rails. a and b are the decays of membrane and synaptic current (b = 0: the current of a step is
gone at the next). The step has no useful derivative; a surrogate stands in its place, see `host.gradients.surrogates`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from chipsim import Events

Floats = NDArray[np.float32]
Layers = list[tuple[Floats, Floats]]  # weights (n_in, n_out) and biases (n_out,) of each layer


class LayerModel(NamedTuple):
    """The constants of Eqs. 1 to 3 and of the surrogate."""

    decay: float  # a
    synaptic_decay: float  # b
    reset: str  # as in chipsim.NeuronSpec
    surrogate: str
    height: float
    steepness: float
    relative: bool = False  # whether the surrogate takes distances over the threshold
    lower_limit: float = -np.inf  # thresholds: a membrane beyond is at its rail, and what came before is forgotten
    upper_limit: float = np.inf


class ShownWindows(NamedTuple):
    """What a network did in S windows of T steps; n: a layer's columns in whole vectors."""

    membranes: list[Floats]  # (S, T, n) of each layer; of those that fire what their surrogate looks at
    spikes: list[Events]  # of all layers but the last
    spike_bits: list[NDArray[np.uint16]]  # of each layer, see chipsim.layout.spike_bits
    ends: NDArray[np.int64] | None = None  # (S,) steps that each has, membranes are 0 after those; None: all T
