"""Neurons: from the charge that reaches one, its membrane and whether it fires, as formulas over a `Number`.

Read, in this order:

    model      what a neuron is to a chip: the class to subclass
    lif        integrate-and-fire, leaky or not (Eqs. 1 and 3 of Yang et al. 2022)
    homeostasis  thresholds that adapt, and neurons of which one at most fires in a step
    readout    what leaks and integrates and never fires
    registry   the models by name, those of other packages included

May know: `learning_circuit`, for `Field` and `Number`, and `design`. Never an array, a kernel or a die's number.

To add a neuron: a subclass of `NeuronModel` in a file of its own and a line in `registry`, or a package of its own with
an entry point of the group ``chipsim.neurons`` (`examples/adaptive_exponential` is one). Its fields become tables,
state, probes and waveforms by themselves; kernels are composed with it. What says that it is right is a slow formula of
its own that imports nothing of ours, and a test that both are equal, bit for bit.
"""

from chipsim.neurons.homeostasis import AdaptiveThreshold, WinnerTakeAll
from chipsim.neurons.lif import IntegrateAndFire, LeakyIntegrateAndFire, fire, integrated
from chipsim.neurons.model import MEMBRANE, NeuronModel
from chipsim.neurons.readout import Readout
from chipsim.neurons.registry import formulas_named, formulas_of, neuron_named, neuron_of
from chipsim.neurons.state import (
    BEFORE_MISS,
    COUNT,
    CURRENT,
    DRIVE,
    KEPT,
    MARGIN,
    MOST_UPDATES,
    NOISE,
    SPIKE,
    SYNAPTIC,
    TARGET_COUNT,
    places_in,
    pulse_field,
)

__all__ = [
    "BEFORE_MISS",
    "COUNT",
    "CURRENT",
    "DRIVE",
    "KEPT",
    "MARGIN",
    "MEMBRANE",
    "MOST_UPDATES",
    "NOISE",
    "SPIKE",
    "SYNAPTIC",
    "TARGET_COUNT",
    "AdaptiveThreshold",
    "IntegrateAndFire",
    "LeakyIntegrateAndFire",
    "NeuronModel",
    "Readout",
    "WinnerTakeAll",
    "fire",
    "formulas_named",
    "formulas_of",
    "integrated",
    "neuron_named",
    "neuron_of",
    "places_in",
    "pulse_field",
]
