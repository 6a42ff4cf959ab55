"""What the host believes a layer does: the equations that it differentiates.

For columns i of a layer, input rows j and steps t, in units of the nominal threshold, a and th_i being the layer's own:

    I_i[t] = b I_i[t-1] + sum_j w_ji x_j[t] + bias_i                   (1)
    U_i[t] = a U_i[t-1] + I_i[t] - th_i S_i[t-1]                       (2)   subtractive reset; a th_i before the leak
    U_i[t] = a U_i[t-1] (1 - S_i[t-1]) + I_i[t]                        (2')  reset to zero
    S_i[t] = step(U_i[t] - th_i)                                       (3)

with U kept between the rails. a and b are the decays of membrane and synaptic current (b = 0: the current of a step is
gone at the next). The step has no useful derivative; in its place stands the surrogate

    dS/dU = 1 / (beta |U - th_i| + 1)^2                                (4)

with beta = 50 and th_i = 1 in Cramer et al. 2022 (PNAS 119, arXiv 2006.07239). In the loop, U and S are those that the
chip showed: the model lends its derivatives, the die its state. That tells the thresholds, too, see
`host.gradients.in_the_loop.thresholds`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from chipsim.design import Adc, NeuronSpec


class LayerModel(NamedTuple):
    """The constants of Eqs. 1 to 4 and how codes of membranes are to be read. All float32 scalars but zero_reset."""

    decay: Any  # a
    synaptic_decay: Any  # b
    zero_reset: Any  # bool: Eq. 2' instead of 2
    steepness: Any  # beta
    low: Any  # thresholds: the membrane of code 0
    lsb: Any  # thresholds
    lower_limit: Any  # thresholds: a membrane read below is at its rail, and what came before is forgotten
    upper_limit: Any


def layer_model(neuron: NeuronSpec, layer: int, integrating: bool, converter: Adc, steepness: float) -> LayerModel:
    """The model of a layer, counted from 0, as it was designed. integrating: a readout without threshold and rails."""
    rails = (-np.inf, np.inf) if integrating else (neuron.low_rail_th, neuron.high_rail_th)
    tau = neuron.synapse_tau_steps
    half = converter.lsb / 2  # a code stands for membranes up to half an LSB away
    return LayerModel(
        decay=np.float32(np.exp(-1 / neuron.tau_steps_of(layer)) if neuron.kind == "lif" else 1),
        synaptic_decay=np.float32(0 if tau is None else np.exp(-1 / tau)),
        zero_reset=neuron.reset == "zero",
        steepness=np.float32(steepness),
        low=converter.low,
        lsb=converter.lsb,
        lower_limit=np.float32(rails[0] + half),
        upper_limit=np.float32(rails[1] - half),
    )
