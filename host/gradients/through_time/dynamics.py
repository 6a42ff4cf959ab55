"""A layer's leak and threshold as what is learned: within bounds, and rounded to what its DACs can set.

Forward, the network has what the DACs set; the gradient passes the rounding unchanged (straight through).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from chipsim.design import ChipSpec, NeuronSpec

Floats = NDArray[np.float32]
_LEAST_DECAY = 1e-4  # of a membrane that forgets all, whose time constant would be 0
_MOST_DECAY = 1 - 1e-6  # of one that forgets nothing, whose time constant would be infinite
_LEAST_THRESHOLD_TH = 0.05


class LearnedDynamics:
    """What a step leaves of a membrane, and the threshold, of each layer."""

    def __init__(self, design: ChipSpec, start_leak: float | None) -> None:
        """start_leak: what a step leaves of a membrane at the start; None: as `design` says."""
        self._neuron = design.neuron
        self._n_layers = design.n_layers
        self.leaks = design.neuron.kind == "lif"
        decay = [np.exp(-1 / tau) if self.leaks else 1.0 for tau in design.tau_steps]
        if start_leak is not None and self.leaks:
            decay = [start_leak] * design.n_layers
        self.decay: Floats = np.array(decay, np.float32)
        self.threshold: Floats = np.array(design.thresholds_th, np.float32)
        self._decays, self._thresholds = _ranges(design.neuron)
        self.clamp()

    def clamp(self) -> None:
        """Back into what can be set."""
        np.clip(self.decay, *self._decays, out=self.decay)
        np.clip(self.threshold, *self._thresholds, out=self.threshold)

    def neuron(self) -> NeuronSpec:
        """The design's neurons with what is learned, as far as DACs can set it."""
        settings = self._neuron.settings()
        # Clipped once more as doubles: the end of a range, rounded to a float, may lie beyond it.
        settings["threshold_th"] = tuple(map(float, np.clip(self.threshold.astype(np.float64), *self._thresholds)))
        if self.leaks:
            decay = np.clip(self.decay.astype(np.float64), *self._decays)
            settings["tau_steps"] = tuple(map(float, -1 / np.log(decay)))
        return NeuronSpec.model_validate(settings)


def _ranges(neuron: NeuronSpec) -> tuple[tuple[float, float], tuple[float, float]]:
    """Of decays and of thresholds: what their DACs can set, and what makes sense where these are ideal."""
    decays = (_LEAST_DECAY, _MOST_DECAY) if neuron.kind == "lif" else (1.0, 1.0)
    leak_dac, threshold_dac = neuron.leak_dac.converter, neuron.threshold_dac.converter
    if leak_dac is not None and neuron.kind == "lif":
        decays = max(decays[0], np.exp(-leak_dac.high)), min(decays[1], np.exp(-leak_dac.low))
    thresholds = (_LEAST_THRESHOLD_TH, neuron.high_rail_th)
    if threshold_dac is not None:
        thresholds = threshold_dac.low, min(threshold_dac.high, neuron.high_rail_th)
    return decays, thresholds
