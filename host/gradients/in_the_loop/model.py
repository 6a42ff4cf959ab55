"""What the host believes of a die's layer, whose membranes it reads through a converter.

In the loop, U and S are those that the chip showed: `host.gradients.all_layers.model` lends its derivatives, the die
its state, which tells the thresholds, too: `host.gradients.in_the_loop.thresholds`. The surrogate is the fast sigmoid,

    dS/dU = 1 / (beta |U - th_i| + 1)^2                                (4)

with beta = 50 and th_i = 1 in Cramer et al. 2022 (PNAS 119, arXiv 2006.07239).
"""

from __future__ import annotations

import numpy as np

from chipsim.design import Adc, NeuronSpec
from host.gradients.all_layers import LayerModel


def layer_model(
    neuron: NeuronSpec,
    layer: int,
    integrating: bool,
    converter: Adc,
    surrogate: str,
    height: float,
    steepness: float,
) -> LayerModel:
    """The model of a layer, counted from 0, as it was designed. integrating: a readout without threshold and rails."""
    rails = (neuron.low_rail_th, neuron.high_rail_th)
    if integrating or surrogate == "spike-time":  # which reads no membrane
        rails = (-np.inf, np.inf)
    tau = neuron.synapse_tau_steps
    half = converter.lsb / 2  # a code stands for membranes up to half an LSB away
    return LayerModel(
        decay=float(np.exp(-1 / neuron.tau_steps_of(layer))) if neuron.kind == "lif" else 1.0,
        synaptic_decay=0.0 if tau is None else float(np.exp(-1 / tau)),
        reset=neuron.reset,
        surrogate=surrogate,
        height=height,
        steepness=steepness,
        lower_limit=float(rails[0] + half),
        upper_limit=float(rails[1] - half),
    )
